import type { EventId } from '@frontdesk/contracts'

/** Events to send again: some by their ids, or all that match. */
export type ReplaySelection =
  | { readonly kind: 'ids'; readonly eventIds: readonly EventId[] }
  | {
      readonly kind: 'filter'
      /** Events that the resolver gave to this company. */
      readonly companyId: string | undefined
      readonly provider: string | undefined
      readonly types: readonly string[]
      readonly connectionId: string | undefined
      readonly entityId: string | undefined
      readonly receivedFrom: Date
      /** Before this instant. */
      readonly receivedUntil: Date
    }

export type ReplayState = 'waiting' | 'running' | 'done' | 'cancelled'

/** Rows of the outbox that stand one behind the other. */
export interface RowSpan {
  readonly first: bigint
  readonly last: bigint
}

/** Which rows of the outbox a replay looks at, and the last that is settled. */
export type ReplayRows = { readonly after: bigint } & (
  | { readonly ids: readonly bigint[] }
  /** Rising, without a row in two of them. */
  | { readonly spans: readonly RowSpan[] }
)

/** A replay as it is kept, for ever: it says who sent what again. */
export interface Replay {
  /** TypeID, `rpl_…`. */
  readonly id: string
  readonly state: ReplayState
  readonly caller: string
  readonly actor: string | undefined
  readonly selection: ReplaySelection
  readonly rows: ReplayRows
  readonly eventsPerSecond: number
  readonly matched: bigint
  /** False if there are more, which could not be counted in time. */
  readonly matchedAll: boolean
  readonly published: bigint
  readonly failed: bigint
  readonly createdAt: Date
  readonly startedAt: Date | undefined
  readonly endedAt: Date | undefined
}

/** How many events go out together at a rate, so that it is even over a second. */
export function batchSizeAt(eventsPerSecond: number): number {
  return Math.max(1, Math.min(100, Math.floor(eventsPerSecond / 10)))
}
