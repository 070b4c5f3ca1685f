import { bytesText, typeId } from '@frontdesk/database'
import { foreignKey, mysqlEnum, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import { conversations } from './conversations.ts'

/** By what a customer is known again at one of the company's numbers: a conversation can have several. */
export const conversationIdentities = mysqlTable(
  'conversation_identities',
  {
    companyId: typeId('company_id').notNull(),
    phoneNumberId: bytesText('phone_number_id', 64).notNull(),
    kind: mysqlEnum('kind', ['phone', 'user']).notNull(),
    value: bytesText('value', 160).notNull(),
    conversationId: typeId('conversation_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.phoneNumberId, table.kind, table.value] }),
    foreignKey({
      name: 'conversation_identities_conversation',
      columns: [table.companyId, table.conversationId],
      foreignColumns: [conversations.companyId, conversations.conversationId],
    }),
  ],
)
