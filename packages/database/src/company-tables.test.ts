import { int, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core'
import { expect, test } from 'vitest'
import { typeId } from './columns.ts'
import { companyTablesOf } from './company-tables.ts'

test('a table is a company’s if its primary key begins with company_id', () => {
  const columns = { companyId: typeId('company_id'), id: int('id') }
  const schema = {
    own: mysqlTable('own', { companyId: typeId('company_id').primaryKey(), name: varchar('name', { length: 9 }) }),
    first: mysqlTable('first_of_two', columns, (table) => [primaryKey({ columns: [table.companyId, table.id] })]),
    second: mysqlTable('second_of_two', columns, (table) => [primaryKey({ columns: [table.id, table.companyId] })]),
    without: mysqlTable('without', columns),
    other: mysqlTable('other', { id: int('id').primaryKey(), companyId: typeId('company_id') }),
    notATable: { name: 'x' },
    nothing: undefined,
  }
  expect(companyTablesOf(schema)).toEqual(new Set(['own', 'first_of_two']))
})
