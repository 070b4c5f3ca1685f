import type { EventId } from '@frontdesk/contracts'
import type { Page } from '@frontdesk/database'
import type { LedgerFilter, Publication } from './ports.ts'
import type { Replay, ReplayState, RowSpan } from './replay.ts'

/** Keeps replays. */
export interface ReplayStore {
  insert(replay: Replay): Promise<void>
  find(id: string): Promise<Replay | undefined>
  /** Newest first. */
  list(page: { limit: number; pageToken: string }): Promise<Page<Replay>>
  /** How many wait or run. */
  countOpen(): Promise<number>
  /** The oldest that waits or runs, made to run. */
  takeOldest(now: Date): Promise<Replay | undefined>
  /** Adds to the counts and moves on to behind the row; the state that it has then. */
  advance(id: string, progress: { after: bigint; published: number; failed: number }): Promise<ReplayState | undefined>
  /** Ends one that waits or runs; one that has ended stays as it is. */
  end(id: string, state: 'done' | 'cancelled', now: Date): Promise<void>
}

/** Some events of a replay, and the row through which they reach; `over` if none is behind it. */
export interface ReplayBatch<Message> {
  readonly messages: readonly Message[]
  readonly through: bigint
  readonly over: boolean
}

/** The company-resolver's decisions, as far as a replay needs them. */
export interface AttributedEvents {
  /** What it gave to the company since then, a page at a time, the newest first; an event as often as it was decided on. */
  of(
    companyId: string,
    filter: Pick<LedgerFilter, 'types' | 'provider'>,
    since: Date,
  ): AsyncIterable<readonly Pick<Publication, 'eventId' | 'revision'>[]>
}

/** The committed rows that replays are made of. */
export interface ReplaySource<Message> {
  /** The rows of what was published then, rising. */
  rowsOf(published: readonly Publication[]): Promise<{ id: bigint; eventId: EventId }[]>
  /** Where the rows of a window of receipt stand, with room for a commit that waited; those of later revisions, too. */
  spansOf(from: Date, until: Date): Promise<RowSpan[]>
  /** Of each event what was published last. */
  next(replay: Replay, limit: number): Promise<ReplayBatch<Message>>
}
