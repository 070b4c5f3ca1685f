import type { SqlRow, SqlSession } from '../src/index.ts'

const companyColumn = 'company_id'

interface ForeignKey {
  readonly referenced: string
  /** Column to referenced column. */
  readonly columns: ReadonlyMap<string, string>
}

interface Table {
  readonly name: string
  readonly columns: ReadonlySet<string>
  readonly primaryKey: readonly string[]
  readonly foreignKeys: readonly ForeignKey[]
}

/**
 * What of a schema could let two companies' rows meet: a company's table whose primary key does not begin with the company, and a
 * reference to a row of one without the company in it. `exempt` are tables that have a company_id and are nobody's, and columns
 * (`table.column`) that are named like an id and may name what is not there; an exemption that nothing needs is told too.
 */
export async function tenancyViolations(session: SqlSession, database: string, exempt: ReadonlySet<string>): Promise<string[]> {
  const tables = await readTables(session, database)
  const isOfCompanies = ({ name, columns }: Table) => columns.has(companyColumn) && !exempt.has(name)
  const ofCompanies = tables.filter(isOfCompanies)
  const named = new Map(ofCompanies.map((table) => [table.name, table]))

  const keys = ofCompanies
    .filter(({ primaryKey }) => primaryKey[0] !== companyColumn)
    .map(({ name, primaryKey }) => `${name}: its primary key is (${primaryKey.join(', ')})`)
  const loose = tables.flatMap(({ name, foreignKeys }) =>
    foreignKeys
      .filter(({ referenced, columns }) => named.has(referenced) && columns.get(companyColumn) !== companyColumn)
      .map(({ referenced, columns }) => `${name}: (${[...columns.keys()].join(', ')}) refers to ${referenced} without the company`),
  )
  const missing = new Map(ofCompanies.flatMap((table) => ofCompanies.flatMap((other) => missingReference(table, other))))
  const isNeeded = (name: string) => missing.has(name) || tables.some((table) => table.name === name && table.columns.has(companyColumn))
  return [
    ...keys,
    ...loose,
    ...[...missing].filter(([column]) => !exempt.has(column)).map(([, message]) => message),
    ...[...exempt].filter((name) => !isNeeded(name)).map((name) => `${name}: needs no exemption`),
  ]
}

/** A column that is named like another table's id is one, and needs a foreign key to it. */
function missingReference(table: Table, other: Table): [column: string, message: string][] {
  const [company, id, ...more] = other.primaryKey
  if (table === other || company !== companyColumn || id === undefined || more.length > 0 || !table.columns.has(id)) return []
  const refers = table.foreignKeys.some(({ referenced, columns }) => referenced === other.name && columns.get(id) === id)
  return refers ? [] : [[`${table.name}.${id}`, `${table.name}: ${id} has no foreign key to ${other.name}`]]
}

async function readTables(session: SqlSession, database: string): Promise<Table[]> {
  const columns = await session.execute(
    'select table_name as table_name, column_name as column_name from information_schema.columns where table_schema = ?',
    [database],
  )
  const keys = await session.execute(
    `select table_name as table_name, constraint_name as constraint_name, column_name as column_name,
      referenced_table_name as referenced_table, referenced_column_name as referenced_column
      from information_schema.key_column_usage where table_schema = ? order by constraint_name, ordinal_position`,
    [database],
  )
  const keysOf = Map.groupBy(keys.rows, (row) => text(row, 'table_name'))
  return [...Map.groupBy(columns.rows, (row) => text(row, 'table_name'))].map(([name, own]) => {
    const constraints = [...Map.groupBy(keysOf.get(name) ?? [], (row) => text(row, 'constraint_name'))]
    const primary = constraints.find(([constraint]) => constraint === 'PRIMARY')?.[1] ?? []
    return {
      name,
      columns: new Set(own.map((row) => text(row, 'column_name'))),
      primaryKey: primary.map((row) => text(row, 'column_name')),
      foreignKeys: constraints.flatMap(([, rows]) => toForeignKey(rows) ?? []),
    }
  })
}

function toForeignKey(rows: readonly SqlRow[]): ForeignKey | undefined {
  const [first] = rows
  if (!first || first['referenced_table'] === null) return undefined
  return {
    referenced: text(first, 'referenced_table'),
    columns: new Map(rows.map((row) => [text(row, 'column_name'), text(row, 'referenced_column')])),
  }
}

function text(row: SqlRow, column: string): string {
  const value = row[column]
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}
