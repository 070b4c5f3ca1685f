import { eventId, instant, typeId } from '@frontdesk/database'
import { mysqlTable } from 'drizzle-orm/mysql-core'

/**
 * Where the first attributed event of a call, a booking … went. Not a company's table: it is asked
 * before the company is known. The key is the SHA-256 of (provider, scope, type, id).
 */
export const entities = mysqlTable('entities', {
  entityKey: eventId('entity_key').primaryKey(),
  companyId: typeId('company_id').notNull(),
  /** The event that was first; its attribution says the rest. */
  eventId: eventId('event_id').notNull(),
  attributedAt: instant('attributed_at').notNull(),
})
