import { getTableColumns, getTableName } from 'drizzle-orm'
import type { MySqlTable } from 'drizzle-orm/mysql-core'
import { inFewLengths, textByLength } from './list-lengths.ts'
import { sqlTuples } from './placeholders.ts'
import type { SqlStatement } from './session.ts'
import type { SqlValue } from './sql-value.ts'

/** How rows are inserted. */
export interface RowInsertOptions<Key extends string> {
  /** What takes the new values where the row is there already, or the text of an assignment; without it such a row fails its statement. */
  readonly onDuplicate?: readonly Key[] | string
  /** At most so many rows in one statement; 128 when left out. */
  readonly rowsPerStatement?: number
}

/**
 * Rows of a table as the statements that insert these columns of them, in the rows' order, with the values that Drizzle would send; each column with a default needs its value. Its own
 * builder makes the text anew for each insert, which costs more than all the rest of it; here a handful of texts serves lists of all lengths.
 */
export function rowInsert<Table extends MySqlTable, Key extends keyof Table['$inferInsert'] & string>(
  table: Table,
  keys: readonly Key[],
  { onDuplicate, rowsPerStatement = 128 }: RowInsertOptions<Key> = {},
): (rows: readonly Pick<Table['$inferInsert'], Key>[]) => SqlStatement[] {
  const all = getTableColumns(table)
  const columnOf = (key: Key) => {
    const column = all[key]
    if (!column) throw new TypeError(`${getTableName(table)} has no column for ${key}`)
    const toDriver = (value: unknown): SqlValue => {
      if (value === undefined && column.hasDefault)
        throw new TypeError(`${getTableName(table)}.${key} needs its value: defaults are not filled in`)
      return value === null || value === undefined ? null : (column.mapToDriverValue(value) as SqlValue)
    }
    return { key, name: `\`${column.name}\``, toDriver }
  }
  const columns = keys.map(columnOf)
  const names = columns.map(({ name }) => name).join(', ')
  const updates =
    typeof onDuplicate === 'string'
      ? onDuplicate
      : onDuplicate
          ?.map(columnOf)
          .map(({ name }) => `${name} = values(${name})`)
          .join(', ')
  const end = updates === undefined ? '' : ` on duplicate key update ${updates}`
  const text = textByLength((rows) => `insert into \`${getTableName(table)}\` (${names}) values ${sqlTuples(rows, columns.length)}${end}`)

  return (rows) =>
    inFewLengths(rows, rowsPerStatement).map((group) => ({
      sql: text(group.length),
      params: group.flatMap((row) => columns.map(({ key, toDriver }) => toDriver(row[key]))),
    }))
}
