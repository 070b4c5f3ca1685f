import { bytesText, instant, typeId } from '@frontdesk/database'
import { foreignKey, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import { branches } from './branches.ts'
import { companies } from './companies.ts'

/** At which numbers a company is called, and when. */
export const phoneNumbers = mysqlTable(
  'phone_numbers',
  {
    companyId: typeId('company_id').notNull(),
    phoneNumberId: typeId('phone_number_id').notNull(),
    branchId: typeId('branch_id'),
    /** E.164. */
    number: bytesText('number', 16).notNull(),
    validFrom: instant('valid_from'),
    validUntil: instant('valid_until'),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.phoneNumberId] }),
    foreignKey({ name: 'phone_numbers_company', columns: [table.companyId], foreignColumns: [companies.companyId] }),
    foreignKey({
      name: 'phone_numbers_branch',
      columns: [table.companyId, table.branchId],
      foreignColumns: [branches.companyId, branches.branchId],
    }),
  ],
)
