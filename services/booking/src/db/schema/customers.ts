import { instant, typeId } from '@frontdesk/database'
import { index, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'

/** A company's customers. */
export const customers = mysqlTable(
  'customers',
  {
    companyId: typeId('company_id').notNull(),
    customerId: typeId('customer_id').notNull(),
    name: varchar('name', { length: 255 }).notNull(),
    email: varchar('email', { length: 320 }).notNull(),
    phoneNumber: varchar('phone_number', { length: 20 }).notNull(),
    /** The provider's time of the contact that the name comes from. */
    contactAt: instant('contact_at').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.customerId] }),
    index('customers_by_creation').on(table.companyId, table.createdAt, table.customerId),
  ],
)
