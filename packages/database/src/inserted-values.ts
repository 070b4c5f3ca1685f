import { type SQL, sql } from 'drizzle-orm'
import type { MySqlColumn } from 'drizzle-orm/mysql-core'

/**
 * The `set` of an `onDuplicateKeyUpdate` that takes the columns' values from the row that was to be inserted.
 * `VALUES(column)` is the one form that MySQL and MariaDB share.
 */
export function insertedValues<Columns extends Record<string, MySqlColumn>>(columns: Columns): { [Key in keyof Columns]: SQL } {
  const entries = Object.entries(columns).map(([key, column]) => [key, sql`values(${sql.identifier(column.name)})`])
  return Object.fromEntries(entries) as { [Key in keyof Columns]: SQL }
}
