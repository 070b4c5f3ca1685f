import type { OutgoingMessage } from '@frontdesk/bus'
import { type Database, padded } from '@frontdesk/database'
import { firstRowSince, pendingRowOf, rowsOf } from '@frontdesk/outbox'
import { and, asc, eq, getTableColumns, gt, gte, inArray, lte, max, min, sql } from 'drizzle-orm'
import type { ReplaySource } from '../app/replay-ports.ts'
import type { ReplaySelection, RowSpan } from '../app/replay.ts'
import { matching } from './ledger-reader.ts'
import { eventRevisions } from './schema/event-revisions.ts'
import { byId, events } from './schema/events.ts'
import { outbox } from './schema/index.ts'

/** How many rows one look passes at most where few of them match, so that no statement is long. */
const rowsPerLook = 20_000n
/** An event is appended after its receipt, by as much as its commit waited. */
const longestCommitMs = 300_000
const clockDifferenceMs = 60_000

/** The rows of the ingress's outbox, which an event's `source` is the given one of. */
export function createReplaySource(database: Database, source: string): ReplaySource<OutgoingMessage> {
  const { orm } = database
  const messagesOf = (rows: readonly (typeof outbox.$inferSelect)[]) => rows.map((row) => pendingRowOf(row, source).message)

  return {
    rowsOf: (published) => rowsOf(database, published),

    async spansOf(from, until) {
      const days = await revisionDaysSince(orm, from)
      const spans: RowSpan[] = []
      for (const [begin, end] of [[from, until] as const, ...days]) {
        const span = await rowsBetweenTimes(database, begin, end)
        const last = spans.at(-1)
        if (!last || span.first > last.last + 1n) spans.push(span)
        else if (span.last > last.last) spans.splice(-1, 1, { first: last.first, last: span.last })
      }
      return spans
    },

    async next({ rows, selection }, limit) {
      if ('ids' in rows) {
        const ids = rows.ids.filter((id) => id > rows.after).slice(0, limit)
        const through = ids.at(-1) ?? rows.after
        return { messages: messagesOf(await rowsById(orm, ids)), through, over: through === (rows.ids.at(-1) ?? through) }
      }
      const span = rows.spans.find(({ last }) => last > rows.after)
      if (!span) return { messages: [], through: rows.after, over: true }
      const after = rows.after < span.first ? span.first - 1n : rows.after
      const until = after + rowsPerLook < span.last ? after + rowsPerLook : span.last
      const found = await rowsBetween(orm, selection, { after, until, limit })
      const through = found.length === limit ? (found.at(-1)?.id ?? until) : until
      return { messages: messagesOf(found), through, over: through >= (rows.spans.at(-1)?.last ?? through) }
    },
  }
}

/** From the first to the last revision that was made by hand on each day, rising; they are of events that may have come earlier. */
async function revisionDaysSince(orm: Database['orm'], since: Date): Promise<[Date, Date][]> {
  const { createdAt } = eventRevisions
  const day = sql`date(${createdAt})`
  const rows = await orm
    .select({ first: min(createdAt), last: max(createdAt) })
    .from(eventRevisions)
    .where(gte(createdAt, since))
    .groupBy(day)
    .orderBy(day)
  return rows.flatMap(({ first, last }): [Date, Date][] => (first && last ? [[first, last]] : []))
}

async function rowsBetweenTimes(database: Database, from: Date, until: Date): Promise<RowSpan> {
  const [first, end] = await Promise.all([
    firstRowSince(database, new Date(from.getTime() - clockDifferenceMs)),
    firstRowSince(database, new Date(until.getTime() + longestCommitMs)),
  ])
  return { first, last: end - 1n }
}

async function rowsById(orm: Database['orm'], ids: readonly bigint[]) {
  if (ids.length === 0) return []
  return orm
    .select()
    .from(outbox)
    .where(inArray(outbox.id, padded(ids)))
}

/** Row by row of the outbox, each with its event, whose newest revision it has to be. */
export function rowsBetween(
  orm: Database['orm'],
  selection: ReplaySelection,
  { after, until, limit }: { after: bigint; until: bigint; limit: number },
) {
  return orm
    .select(getTableColumns(outbox))
    .from(outbox, { forceIndex: ['PRIMARY'] })
    .innerJoin(events, and(eq(events.eventId, outbox.eventId), eq(events.revision, outbox.revision)), byId)
    .where(and(gt(outbox.id, after), lte(outbox.id, until), selection.kind === 'filter' ? matching(selection) : undefined))
    .orderBy(asc(outbox.id))
    .limit(limit)
}
