import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { MySqlTable } from 'drizzle-orm/mysql-core'
import { getTableConfig } from 'drizzle-orm/mysql-core'
import { keepRoomForMarks } from '../src/row-format.ts'

/** Creates the tables in a test's database, by a migration and in the format that services have them in. */
export async function createTables(url: string, tables: readonly MySqlTable[], telemetry: Telemetry): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'outbox-migration-'))
  try {
    await mkdir(join(folder, 'meta'))
    const journal = { version: '7', dialect: 'mysql', entries: [{ idx: 0, version: '5', when: 1, tag: '0000_tables', breakpoints: true }] }
    await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify(journal))
    await writeFile(join(folder, '0000_tables.sql'), tables.map(createTableSql).join('\n--> statement-breakpoint\n'))
    await migrate(url, folder, telemetry)
    await keepRoomForMarks(url, telemetry)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The `create table` of a drizzle table, read from the table itself so that it can't grow stale. */
function createTableSql(table: MySqlTable): string {
  const { name, columns, primaryKeys, indexes } = getTableConfig(table)
  const lines = columns.map((column) => {
    const extras = [
      column.notNull && 'not null',
      typeof column.default === 'number' && `default ${column.default}`,
      'autoIncrement' in column && column.autoIncrement === true && 'auto_increment',
      column.primary && 'primary key',
    ]
    return [column.name, column.getSQLType(), ...extras.filter((extra) => extra !== false)].join(' ')
  })
  for (const key of primaryKeys) lines.push(`primary key (${key.columns.map((column) => column.name).join(', ')})`)
  for (const { config } of indexes) {
    const parts = config.columns.map((column) => ('name' in column ? column.name : ''))
    lines.push(`index ${config.name} (${parts.join(', ')})`)
  }
  return `create table ${name} (${lines.join(', ')})`
}
