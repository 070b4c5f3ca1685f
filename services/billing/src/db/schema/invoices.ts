import type { CompanyId } from '@frontdesk/contracts'
import { bytesText, eventId, instant, typeId } from '@frontdesk/database'
import { bigint, char, index, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'

const minorUnits = (name: string) => bigint(name, { mode: 'bigint' })

/** The payment provider's invoices as they were last fetched. */
export const invoices = mysqlTable(
  'invoices',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    invoiceId: bytesText('invoice_id', 255).notNull(),
    customerId: bytesText('customer_id', 255).notNull(),
    subscriptionId: bytesText('subscription_id', 255).notNull(),
    status: bytesText('status', 64).notNull(),
    totalMinor: minorUnits('total_minor').notNull(),
    amountPaidMinor: minorUnits('amount_paid_minor').notNull(),
    currency: char('currency', { length: 3 }).notNull(),
    createdAt: instant('created_at').notNull(),
    fetchedAt: instant('fetched_at').notNull(),
    /** The event that led to that; null where none did. */
    eventId: eventId('event_id'),
    /** When the provider no longer knew it: a draft that was deleted. */
    missingSince: instant('missing_since'),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.invoiceId] }),
    index('invoices_by_creation').on(table.companyId, table.createdAt, table.invoiceId),
  ],
)
