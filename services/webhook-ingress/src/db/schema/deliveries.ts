import { instant, json, mediumBytes, typeId } from '@frontdesk/database'
import { mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'

/** What providers sent, byte for byte; partitioned by day of receipt, which the key of such a table has to hold. */
export const deliveries = mysqlTable(
  'deliveries',
  {
    deliveryId: typeId('delivery_id').notNull(),
    provider: varchar('provider', { length: 32 }).notNull(),
    connectionId: typeId('connection_id'),
    receivedAt: instant('received_at').notNull(),
    headers: json('headers').$type<Record<string, string>>().notNull(),
    body: mediumBytes('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.receivedAt] })],
)
