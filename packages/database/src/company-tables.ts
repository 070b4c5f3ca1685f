import { is } from 'drizzle-orm'
import { getTableConfig, MySqlTable } from 'drizzle-orm/mysql-core'

/** The column that says whose row it is. */
export const companyColumn = 'company_id'

/** Names of the Drizzle tables in the schema whose primary key begins with `company_id`. */
export function companyTablesOf(schema: Record<string, unknown>): Set<string> {
  const configs = Object.values(schema).flatMap((value) => (is(value, MySqlTable) ? [getTableConfig(value)] : []))
  const ofCompanies = configs.filter(({ columns, primaryKeys }) => {
    const first = primaryKeys[0]?.columns[0] ?? columns.find((column) => column.primary)
    return first?.name === companyColumn
  })
  return new Set(ofCompanies.map(({ name }) => name))
}
