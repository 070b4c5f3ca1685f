import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { type Database, openDatabase } from './database.ts'
import { withConnection } from './lock.ts'
import { migrate } from './migrate.ts'

type Steps = readonly (readonly [tag: string, ...statements: string[]])[]

/** A folder as drizzle-kit writes it. */
async function writeMigrations(folder: string, steps: Steps): Promise<void> {
  await mkdir(join(folder, 'meta'), { recursive: true })
  const entries = steps.map(([tag], idx) => ({ idx, version: '5', when: 1_700_000_000_000 + idx, tag, breakpoints: true }))
  await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify({ version: '7', dialect: 'mysql', entries }))
  await Promise.all(
    steps.map(([tag, ...statements]) => writeFile(join(folder, `${tag}.sql`), statements.join('\n--> statement-breakpoint\n'))),
  )
}

async function startCase() {
  const stack = new AsyncDisposableStack()
  const { url } = stack.use(await createTestDatabase())
  const telemetry = stack.use(createTestTelemetry())
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-migrations-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const database = stack.use(openDatabase({ url, companyTables: new Set(), telemetry }))
  return { url, folder, telemetry, database, run: () => migrate(url, folder, telemetry), [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function rowsOf(database: Database, sql: string) {
  return (await withConnection(database, (connection) => connection.execute(sql, []))).rows
}

const steps: Steps = [
  ['0000_first', 'create table a (id int primary key auto_increment, note varchar(20));', 'insert into a (note) values ("first")'],
  ['0001_second', 'alter table a add column b int', 'insert into a (note) values ("second")'],
  ['0002_third', 'insert into a (note) values ("third")'],
]

test('run from 8 replicas at once, each step is applied once', async () => {
  await using given = await startCase()
  await writeMigrations(given.folder, steps)
  const outcomes = await Promise.all(Array.from({ length: 8 }, given.run))
  expect(outcomes.reduce((sum, { applied }) => sum + applied, 0)).toBe(3)
  expect(await rowsOf(given.database, 'select note from a order by id')).toEqual([{ note: 'first' }, { note: 'second' }, { note: 'third' }])
  expect(await given.run()).toEqual({ applied: 0 })
})

test('a later run applies only what is new', async () => {
  await using given = await startCase()
  await writeMigrations(given.folder, steps.slice(0, 1))
  expect(await given.run()).toEqual({ applied: 1 })
  await writeMigrations(given.folder, steps)
  expect(await given.run()).toEqual({ applied: 2 })
})

test('a migration that failed in its middle goes on there, once it is mended', async () => {
  await using given = await startCase()
  await writeMigrations(given.folder, [
    ['0000_first', 'create table a (id int primary key)', 'insert into a values (1)', 'insert into nowhere values (1)'],
  ])
  await expect(given.run()).rejects.toThrow('nowhere')
  await writeMigrations(given.folder, [
    ['0000_first', 'create table a (id int primary key)', 'insert into a values (1)', 'insert into a values (2)'],
  ])
  expect(await given.run()).toEqual({ applied: 1 })
  expect(await rowsOf(given.database, 'select id from a order by id')).toEqual([{ id: 1 }, { id: 2 }])
})

test('a migration that was changed after it had been applied is refused', async () => {
  await using given = await startCase()
  await writeMigrations(given.folder, steps)
  await given.run()
  await writeMigrations(given.folder, [['0000_first', 'create table c (id int)'], ...steps.slice(1)])
  await expect(given.run()).rejects.toThrow('was changed after it had been applied')
})

test('a database that is absent is created', async () => {
  await using given = await startCase()
  await writeMigrations(given.folder, steps)
  await withConnection(given.database, (connection) => connection.execute(`drop database ${given.database.name}`, []))
  expect(await given.run()).toEqual({ applied: 3 })
})

test('a folder without a journal and a URL without a plain name are refused', async () => {
  await using given = await startCase()
  await expect(given.run()).rejects.toThrow('_journal.json')
  await writeMigrations(given.folder, [])
  await expect(migrate(given.url.replace(given.database.name, 'a%60b'), given.folder, given.telemetry)).rejects.toThrow(
    'plain database name',
  )
})
