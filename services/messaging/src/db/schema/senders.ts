import { bytesText, instant, typeId } from '@frontdesk/database'
import { mysqlTable, primaryKey, uniqueIndex, varchar } from 'drizzle-orm/mysql-core'

/** The number from which a company writes; a number is one company's. */
export const senders = mysqlTable(
  'senders',
  {
    companyId: typeId('company_id').notNull(),
    phoneNumberId: bytesText('phone_number_id', 64).notNull(),
    businessAccountId: bytesText('business_account_id', 64).notNull(),
    templateName: varchar('template_name', { length: 512 }),
    templateLanguage: varchar('template_language', { length: 16 }),
    createdAt: instant('created_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.companyId] }), uniqueIndex('senders_by_number').on(table.phoneNumberId)],
)
