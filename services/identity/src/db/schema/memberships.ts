import { typeId } from '@frontdesk/database'
import { foreignKey, index, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import { users } from './users.ts'

/** Which companies a user acts for. */
export const memberships = mysqlTable(
  'memberships',
  {
    companyId: typeId('company_id').notNull(),
    userId: typeId('user_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.userId] }),
    // A login knows the user alone.
    index('memberships_by_user').on(table.userId),
    foreignKey({ name: 'memberships_user', columns: [table.userId], foreignColumns: [users.userId] }),
  ],
)
