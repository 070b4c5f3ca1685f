import type { Database } from '@frontdesk/database'
import { insertedValues } from '@frontdesk/database'
import { eq } from 'drizzle-orm'
import { brokerMarks } from './tables.ts'

/** What is kept of a stream that a service publishes to. */
export interface StreamMark {
  /** The sequence up to which each durable that counts had settled its own. */
  readonly floors: Readonly<Record<string, number>>
  /** What tells at the next check who consumes; older marks have none. */
  readonly durables?: Readonly<Record<string, SeenDurable>>
  /** A refill that is not finished. */
  readonly refill?: PendingRefill
}

/** A durable of the stream as it was. */
export interface SeenDurable {
  readonly created: string
  readonly handedOut: number
  /** When somebody was last seen to consume with it; ms since the epoch. */
  readonly consumedAtMs: number
}

/** What has to be published again: rows whose positions lie in the range and whose messages are gone. */
export interface PendingRefill {
  readonly reason: RefillReason
  /** The sequence of the last message that is there. */
  readonly after: number
  /** The last sequence to look at; without it all that follow. */
  readonly through?: number
  /** Up to this sequence every durable had settled all: such rows are not published again. */
  readonly floor: number
  /** ms since the epoch; what was published before would have left the stream by its age. Absent where age is no reason to let it go. */
  readonly notBeforeMs?: number
  /** ms since the epoch; rows that were published later have positions in the stream as it is now. */
  readonly foundAtMs: number
}

/** `lost`: the stream no longer holds what it acknowledged; `fell_behind`: it dropped what a durable had yet to take. */
export type RefillReason = 'lost' | 'fell_behind'

/** What is kept of a durable that a service consumes. */
export interface DurableMark {
  /** What it took at the last check, sorted. */
  readonly filterSubjects: readonly string[]
  /** It is being made anew: should it be missing, it is for us to create it. */
  readonly recreating?: true
}

interface Marks {
  readonly stream: StreamMark
  readonly durable: DurableMark
}

/** The mark of a stream, or of `STREAM/durable`, and when it was set; undefined before the first. */
export async function readMark<Kind extends keyof Marks>(
  database: Database,
  kind: Kind,
  name: string,
): Promise<{ readonly mark: Marks[Kind]; readonly markedAt: Date } | undefined> {
  const [row] = await database.orm
    .select()
    .from(brokerMarks)
    .where(eq(brokerMarks.name, `${kind} ${name}`))
  return row && { mark: row.state as Marks[Kind], markedAt: row.markedAt }
}

/** Sets the mark; who sets it holds the lock of its kind. */
export async function writeMark<Kind extends keyof Marks>(
  database: Database,
  kind: Kind,
  name: string,
  mark: Marks[Kind],
  markedAt: Date,
): Promise<void> {
  await database.orm
    .insert(brokerMarks)
    .values({ name: `${kind} ${name}`, state: mark, markedAt })
    .onDuplicateKeyUpdate({ set: insertedValues({ state: brokerMarks.state, markedAt: brokerMarks.markedAt }) })
}
