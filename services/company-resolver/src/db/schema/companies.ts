import { instant, typeId } from '@frontdesk/database'
import { mysqlTable, varchar } from 'drizzle-orm/mysql-core'

/** The companies that Frontdesk serves. */
export const companies = mysqlTable('companies', {
  companyId: typeId('company_id').primaryKey(),
  name: varchar('name', { length: 200 }).notNull(),
  timeZone: varchar('time_zone', { length: 64 }).notNull(),
  createdAt: instant('created_at').notNull(),
  deactivatedAt: instant('deactivated_at'),
})
