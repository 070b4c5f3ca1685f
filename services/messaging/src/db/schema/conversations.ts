import { bytesText, instant, typeId } from '@frontdesk/database'
import { index, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'

/** What was written between one customer and one number of a company. */
export const conversations = mysqlTable(
  'conversations',
  {
    companyId: typeId('company_id').notNull(),
    conversationId: typeId('conversation_id').notNull(),
    phoneNumberId: bytesText('phone_number_id', 64).notNull(),
    customerPhone: varchar('customer_phone', { length: 20 }).notNull(),
    customerUserId: bytesText('customer_user_id', 160).notNull(),
    customerName: varchar('customer_name', { length: 255 }).notNull(),
    lastMessageAt: instant('last_message_at').notNull(),
    lastInboundAt: instant('last_inbound_at'),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.conversationId] }),
    index('conversations_by_time').on(table.companyId, table.lastMessageAt, table.conversationId),
  ],
)
