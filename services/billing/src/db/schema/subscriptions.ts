import type { CompanyId } from '@frontdesk/contracts'
import { bytesText, eventId, instant, typeId } from '@frontdesk/database'
import { boolean, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'

/** The payment provider's subscriptions as they were last fetched. */
export const subscriptions = mysqlTable(
  'subscriptions',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    subscriptionId: bytesText('subscription_id', 255).notNull(),
    customerId: bytesText('customer_id', 255).notNull(),
    status: bytesText('status', 64).notNull(),
    cancelAtPeriodEnd: boolean('cancel_at_period_end').notNull(),
    periodStart: instant('period_start'),
    periodEnd: instant('period_end'),
    fetchedAt: instant('fetched_at').notNull(),
    /** The event that led to that; null where none did. */
    eventId: eventId('event_id'),
    /** When the provider no longer knew it. */
    missingSince: instant('missing_since'),
  },
  (table) => [primaryKey({ columns: [table.companyId, table.subscriptionId] })],
)
