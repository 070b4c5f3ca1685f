import { typeId } from '@frontdesk/database'
import { mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'

/** A row for each company that books during calls: whoever books holds it until his commit, so that no two take one time. */
export const bookingTurns = mysqlTable('booking_turns', { companyId: typeId('company_id').notNull() }, (table) => [
  primaryKey({ columns: [table.companyId] }),
])
