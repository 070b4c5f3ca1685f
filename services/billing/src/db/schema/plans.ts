import { bytesText, instant, typeId } from '@frontdesk/database'
import { bigint, char, int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'

const minorUnits = (name: string) => bigint(name, { mode: 'bigint' })

/** The platform's plans, of no company. */
export const plans = mysqlTable('plans', {
  planId: typeId('plan_id').primaryKey(),
  name: varchar('name', { length: 255 }).notNull(),
  currency: char('currency', { length: 3 }).notNull(),
  baseFeeMinor: minorUnits('base_fee_minor').notNull(),
  includedMinutes: int('included_minutes', { unsigned: true }).notNull(),
  furtherMinuteMinor: minorUnits('further_minute_minor').notNull(),
  messageMinor: minorUnits('message_minor').notNull(),
  providerPriceId: bytesText('provider_price_id', 255).notNull(),
  createdAt: instant('created_at').notNull(),
})
