import type { CompanyId } from '@frontdesk/contracts'
import { bytesText, instant, typeId } from '@frontdesk/database'
import { boolean, foreignKey, int, mysqlTable, primaryKey, unique, varchar } from 'drizzle-orm/mysql-core'
import { plans } from './plans.ts'

/** What a company is at the payment provider; made in steps, each of which is kept as soon as it is done. */
export const accounts = mysqlTable(
  'accounts',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    planId: typeId('plan_id').notNull(),
    name: varchar('name', { length: 255 }).notNull(),
    email: varchar('email', { length: 320 }).notNull(),
    /** A part of the provider's idempotency keys, under which a refusal is remembered, too. */
    attempt: int('attempt', { unsigned: true }).notNull().default(1),
    /** Whether the last attempt was refused, so that the next one may ask for something else. */
    refused: boolean('refused').notNull().default(false),
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
