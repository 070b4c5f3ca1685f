import { instant, typeId } from '@frontdesk/database'
import { foreignKey, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'
import { companies } from './companies.ts'

/** Where a company works. */
export const branches = mysqlTable(
  'branches',
  {
    companyId: typeId('company_id').notNull(),
    branchId: typeId('branch_id').notNull(),
    name: varchar('name', { length: 200 }).notNull(),
    timeZone: varchar('time_zone', { length: 64 }).notNull(),
    createdAt: instant('created_at').notNull(),
    deactivatedAt: instant('deactivated_at'),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.branchId] }),
    foreignKey({ name: 'branches_company', columns: [table.companyId], foreignColumns: [companies.companyId] }),
  ],
)
