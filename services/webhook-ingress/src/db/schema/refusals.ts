import { instant } from '@frontdesk/database'
import { bigint, index, int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'

/** Why deliveries were refused; never a body, since nothing of it is trusted. */
export const refusals = mysqlTable(
  'refusals',
  {
    id: bigint('id', { mode: 'bigint', unsigned: true }).autoincrement().primaryKey(),
    at: instant('at').notNull(),
    provider: varchar('provider', { length: 32 }).notNull(),
    /** As it stood in the path, cut to the length of a real one. */
    connectionId: varchar('connection_id', { length: 40 }),
    code: varchar('code', { length: 40 }).notNull(),
    address: varchar('address', { length: 45 }).notNull(),
    /** Alike refusals within the same second share a row. */
    times: int('times', { unsigned: true }).notNull(),
  },
  (table) => [index('refusals_by_time').on(table.at)],
)
