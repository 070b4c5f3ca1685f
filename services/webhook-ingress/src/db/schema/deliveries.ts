import { instant, json, mediumBytes, typeId } from '@frontdesk/database'
import { index, mysqlTable, varchar } from 'drizzle-orm/mysql-core'

/** What providers sent, byte for byte. */
export const deliveries = mysqlTable(
  'deliveries',
  {
    deliveryId: typeId('delivery_id').primaryKey(),
    provider: varchar('provider', { length: 32 }).notNull(),
    connectionId: typeId('connection_id'),
    receivedAt: instant('received_at').notNull(),
    headers: json('headers').$type<Record<string, string>>().notNull(),
    body: mediumBytes('body').notNull(),
  },
  (table) => [index('deliveries_by_time').on(table.receivedAt)],
)
