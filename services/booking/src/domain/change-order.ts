/** Where a change stands among all changes of its appointment, whatever order they arrive in. */
export interface ChangeOrder {
  /** By the provider's clock. */
  readonly occurredAt: Date
  /** The calendar's own count of changes (iCalendar SEQUENCE, RFC 5545 §3.8.7.4); 0 where there is none. */
  readonly sequence: number
  /** Breaks ties: an end outranks a move, and a move a beginning. */
  readonly rank: number
  /** Of the event that brought it: a reprocessed event amends what its earlier revision did. */
  readonly revision: number
}

/** Negative when a comes before b, 0 when they are the same change, positive when it comes after. */
export function compareOrder(a: ChangeOrder, b: ChangeOrder): number {
  return a.occurredAt.getTime() - b.occurredAt.getTime() || a.sequence - b.sequence || a.rank - b.rank || a.revision - b.revision
}
