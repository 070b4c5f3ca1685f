import { bytesText, typeId } from '@frontdesk/database'
import { foreignKey, mysqlEnum, mysqlTable, primaryKey } from 'drizzle-orm/mysql-core'
import { customers } from './customers.ts'

/** By what a customer is known again: unique in a company. */
export const customerIdentities = mysqlTable(
  'customer_identities',
  {
    companyId: typeId('company_id').notNull(),
    kind: mysqlEnum('kind', ['email', 'caller_number']).notNull(),
    value: bytesText('value', 320).notNull(),
    customerId: typeId('customer_id').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.kind, table.value] }),
    foreignKey({
      name: 'customer_identities_customer',
      columns: [table.companyId, table.customerId],
      foreignColumns: [customers.companyId, customers.customerId],
    }),
  ],
)
