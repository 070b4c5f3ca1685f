import { bytesText, instant, typeId } from '@frontdesk/database'
import { foreignKey, mysqlTable, primaryKey, unique, varchar } from 'drizzle-orm/mysql-core'
import { plans } from './plans.ts'

/** What a company is at the payment provider; made in steps, each of which is kept as soon as it is done. */
export const accounts = mysqlTable(
  'accounts',
  {
    companyId: typeId('company_id').notNull(),
    planId: typeId('plan_id').notNull(),
    name: varchar('name', { length: 255 }).notNull(),
    email: varchar('email', { length: 320 }).notNull(),
    customerId: bytesText('customer_id', 255),
    subscriptionId: bytesText('subscription_id', 255),
    openedAt: instant('opened_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId] }),
    // Two companies never share a customer, whatever an operator does at the provider's.
    unique('accounts_customer').on(table.customerId),
    foreignKey({ name: 'accounts_plan', columns: [table.planId], foreignColumns: [plans.planId] }),
  ],
)
