import { bytesText, instant, json, typeId } from '@frontdesk/database'
import { bigint, boolean, index, int, mysqlTable } from 'drizzle-orm/mysql-core'
import type { ReplayState } from '../../app/replay.ts'

const count = (name: string) => bigint(name, { mode: 'bigint', unsigned: true })

/** Who sent which events again, and how far it got; rows are kept, since they are the record of it. */
export const replays = mysqlTable(
  'replays',
  {
    // By age, since the id begins with the time.
    replayId: typeId('replay_id').primaryKey(),
    state: bytesText('state', 16).$type<ReplayState>().notNull(),
    caller: bytesText('caller', 255).notNull(),
    actor: bytesText('actor', 255),
    selection: json('selection').$type<Record<string, unknown>>().notNull(),
    /** The outbox rows of a selection by ids, as text: they outgrow a JSON number. */
    rowIds: json('row_ids').$type<readonly string[]>(),
    /** The outbox rows of a window of receipt, each time first and last. */
    rowSpans: json('row_spans').$type<readonly (readonly [string, string])[]>(),
    /** The last outbox row that is settled. */
    afterRow: count('after_row').notNull(),
    /** The last of all; alone in a replay of before `row_spans`, which is one span. */
    lastRow: count('last_row').notNull(),
    eventsPerSecond: int('events_per_second', { unsigned: true }).notNull(),
    matched: count('matched').notNull(),
    matchedAll: boolean('matched_all').notNull().default(true),
    published: count('published').notNull(),
    failed: count('failed').notNull(),
    createdAt: instant('created_at').notNull(),
    startedAt: instant('started_at'),
    endedAt: instant('ended_at'),
  },
  (table) => [index('replays_by_state').on(table.state, table.replayId)],
)
