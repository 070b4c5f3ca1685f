import type { EventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, asc, gte, inArray, lt, max, min } from 'drizzle-orm'
import { outbox } from './tables.ts'

/** A revision of an event, and when it was received or decided: shortly before it was appended. */
export interface AppendedEvent {
  readonly eventId: EventId
  readonly revision: number
  readonly at: Date
}

/** An append may stand seconds from its instant: other clocks, a commit that waited, a transaction that was run again. */
const slacksMs = [
  { before: 2_000, after: 5_000 },
  { before: 60_000, after: 300_000 },
] as const

/** The lowest id of the rows appended at that instant or later; one past the last row if there is none. Found by halves. */
export async function firstRowSince(database: Database, instant: Date): Promise<bigint> {
  const [ends] = await database.orm.select({ first: min(outbox.id), last: max(outbox.id) }).from(outbox)
  if (!ends?.first || !ends.last) return 1n
  let low = ends.first
  let high = ends.last + 1n
  while (low < high) {
    const middle = (low + high) / 2n
    // Each look decides where the next one is.
    const [row] = await database.orm
      .select({ id: outbox.id, createdAt: outbox.createdAt })
      .from(outbox)
      .where(gte(outbox.id, middle))
      .orderBy(asc(outbox.id))
      .limit(1)
    if (row && row.createdAt < instant) low = row.id + 1n
    else high = middle
  }
  return low
}

/** Where a revision of an event stands in the outbox. */
export interface AppendedRow {
  readonly id: bigint
  readonly eventId: EventId
  readonly revision: number
}

/** The rows of these revisions, rising, found by their time and not by an index of their ids. */
export async function rowsOf(database: Database, events: readonly AppendedEvent[]): Promise<AppendedRow[]> {
  const found: AppendedRow[] = []
  const missing = new Map(events.map((event) => [keyOf(event), event]))
  for (const { before, after } of slacksMs) {
    // The wide look is for what the narrow one has not found.
    for (const { from, until, ids } of spans([...missing.values()], before, after)) {
      for (const row of await rowsWithin(database, ids, from, until)) if (missing.delete(keyOf(row))) found.push(row)
    }
  }
  return found.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function keyOf({ eventId, revision }: Pick<AppendedRow, 'eventId' | 'revision'>): string {
  return `${eventId}.${revision}`
}

interface Span {
  readonly from: Date
  readonly until: Date
  readonly ids: EventId[]
}

/** Windows around the events; those that overlap are one. */
function spans(events: readonly AppendedEvent[], beforeMs: number, afterMs: number): Span[] {
  const merged: Span[] = []
  for (const { eventId, at } of events.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    const span = { from: new Date(at.getTime() - beforeMs), until: new Date(at.getTime() + afterMs), ids: [eventId] }
    const last = merged.at(-1)
    if (last && span.from <= last.until) merged.splice(-1, 1, { ...last, until: span.until, ids: [...last.ids, eventId] })
    else merged.push(span)
  }
  return merged
}

async function rowsWithin(database: Database, ids: readonly EventId[], from: Date, until: Date) {
  const [first, end] = await Promise.all([firstRowSince(database, from), firstRowSince(database, until)])
  return database.orm
    .select({ id: outbox.id, eventId: outbox.eventId, revision: outbox.revision })
    .from(outbox)
    .where(and(gte(outbox.id, first), lt(outbox.id, end), inArray(outbox.eventId, [...ids])))
}
