import type { OutgoingMessage } from '@frontdesk/bus'
import type { Database } from '@frontdesk/database'
import { padded } from '@frontdesk/database'
import { firstRowSince, pendingRowOf, rowsOf } from '@frontdesk/outbox'
import { and, asc, eq, getTableColumns, gt, inArray, lte } from 'drizzle-orm'
import type { ReplaySource } from '../app/replay-ports.ts'
import type { Replay } from '../app/replay.ts'
import { matching } from './ledger-reader.ts'
import { events } from './schema/events.ts'
import { outbox } from './schema/index.ts'

/** How many rows one look passes at most where few of them match, so that no statement is long. */
const rowsPerLook = 20_000n
/** An event is appended after its receipt, by as much as its commit waited. */
const longestCommitMs = 300_000
const clockDifferenceMs = 60_000

/** The rows of the ingress's outbox, which an event's `source` is the given one of. */
export function createReplaySource(database: Database, source: string): ReplaySource<OutgoingMessage> {
  return {
    rowsOf: (received) =>
      rowsOf(
        database,
        [...received].map(([eventId, at]) => ({ eventId, at })),
      ),

    async rowsWithin(from, until) {
      const [first, end] = await Promise.all([
        firstRowSince(database, new Date(from.getTime() - clockDifferenceMs)),
        firstRowSince(database, new Date(until.getTime() + longestCommitMs)),
      ])
      return { after: first - 1n, last: end - 1n }
    },

    async next(replay, limit) {
      const { rows } = replay
      if (rows.ids) {
        const ids = rows.ids.filter((id) => id > rows.after).slice(0, limit)
        const found =
          ids.length === 0
            ? []
            : await database.orm
                .select()
                .from(outbox)
                .where(inArray(outbox.id, padded(ids)))
        const through = ids.at(-1) ?? rows.last
        return { messages: found.map((row) => pendingRowOf(row, source).message), through, over: through >= rows.last }
      }
      const until = rows.after + rowsPerLook < rows.last ? rows.after + rowsPerLook : rows.last
      const found = await rowsBetween(database.orm, replay, until, limit)
      const through = found.length === limit ? (found.at(-1)?.id ?? until) : until
      return { messages: found.map((row) => pendingRowOf(row, source).message), through, over: through >= rows.last }
    },
  }
}

/** Row by row of the outbox, each with its event. */
export function rowsBetween(orm: Database['orm'], { rows, selection }: Pick<Replay, 'rows' | 'selection'>, until: bigint, limit: number) {
  return orm
    .select(getTableColumns(outbox))
    .from(outbox, { forceIndex: ['PRIMARY'] })
    .innerJoin(events, eq(events.eventId, outbox.eventId))
    .where(and(gt(outbox.id, rows.after), lte(outbox.id, until), selection.kind === 'filter' ? matching(selection) : undefined))
    .orderBy(asc(outbox.id))
    .limit(limit)
}
