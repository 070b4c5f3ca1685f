import type { EventId } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { outbox } from '@frontdesk/outbox'
import { and, asc, eq, gte, inArray, lt, max, min } from 'drizzle-orm'
import type { Content, RevisedEvent } from '../app/decide-revision.ts'

/** Between the receipt of a webhook and its row there are a commit and perhaps another replica's clock. */
const beforeMs = 5_000
const afterMs = 30_000

/**
 * What the webhooks of these events published: the outbox rows of their first revisions. They are found by their time, since
 * an index of the outbox by event id would cost every webhook a page anywhere in it.
 */
export async function readFirstContents(database: Database, events: readonly RevisedEvent[]): Promise<ReadonlyMap<EventId, Content>> {
  const contents = new Map<EventId, Content>()
  for (const { from, until, ids } of spansOf(events)) {
    const first = await firstRowSince(database, from)
    const end = await firstRowSince(database, until)
    const rows = await database.orm
      .select({ id: outbox.eventId, type: outbox.eventType, entityId: outbox.entityId, occurredAt: outbox.occurredAt, body: outbox.body })
      .from(outbox)
      .where(and(gte(outbox.id, first), lt(outbox.id, end), eq(outbox.revision, 1), inArray(outbox.eventId, padded(ids))))
    for (const { id, ...content } of rows) contents.set(id, content)
  }
  return contents
}

interface Span {
  readonly from: Date
  readonly until: Date
  readonly ids: readonly EventId[]
}

/** The times in which the events' rows were written; those that overlap are one. */
function spansOf(events: readonly RevisedEvent[]): Span[] {
  const spans: Span[] = []
  for (const { eventId, receivedAt } of events.toSorted((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())) {
    const from = new Date(receivedAt.getTime() - beforeMs)
    const until = new Date(receivedAt.getTime() + afterMs)
    const last = spans.at(-1)
    if (last && from <= last.until) spans.splice(-1, 1, { from: last.from, until, ids: [...last.ids, eventId] })
    else spans.push({ from, until, ids: [eventId] })
  }
  return spans
}

/** The lowest id among the rows that were written then or later, one past the last if there is none: ids rise with time. */
async function firstRowSince({ orm }: Database, instant: Date): Promise<bigint> {
  const [ends] = await orm.select({ lowest: min(outbox.id), highest: max(outbox.id) }).from(outbox)
  let low = ends?.lowest ?? 1n
  let high = (ends?.highest ?? 0n) + 1n
  while (low < high) {
    const middle = (low + high) / 2n
    // Each look says where the next one is.
    const [row] = await orm
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
