import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { startProxy } from '../test/proxy.ts'
import { type Database, openDatabase } from './database.ts'
import { withConnection } from './testing.ts'
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

const parts: Steps[number] = [
  '0000_parts',
  'create table log (note varchar(20))',
  'create table parent (id int primary key)',
  'create table child (id int primary key, parent_id int, spare int, key child_spare (spare))',
  'create table old (id int)',
]

/** Applies `step` until its first statement has happened, and is cut off before it is counted. */
async function cutOffIn(given: Awaited<ReturnType<typeof startCase>>, ...step: Steps[number]): Promise<void> {
  await writeMigrations(given.folder, [parts])
  await given.run()
  await writeMigrations(given.folder, [parts, step])
  await using proxy = await startProxy(given.url)
  proxy.cutAt = 'update applied_migrations set statements'
  await expect(migrate(proxy.url, given.folder, given.telemetry)).rejects.toThrow('connection lost')
  const state = 'select statements, begun from applied_migrations where finished_at is null'
  expect(await rowsOf(given.database, state)).toEqual([{ statements: 0, begun: 0 }])
}

test.each([
  'create table a (id int)',
  'alter table child add column b int',
  'create index child_parent on child (parent_id)',
  'alter table child add constraint child_once unique (parent_id)',
  'alter table child add constraint child_of_parent foreign key (parent_id) references parent (id)',
  'alter table child drop column spare',
  'drop index child_spare on child',
  'drop table old',
])('a migration cut off between `%s` and its count goes on behind it', async (ddl) => {
  await using given = await startCase()
  await cutOffIn(given, '0001_next', ddl, 'insert into log values ("next")')
  expect(await given.run()).toEqual({ applied: 1 })
  expect(await rowsOf(given.database, 'select note from log')).toEqual([{ note: 'next' }])
  expect(await given.run()).toEqual({ applied: 0 })
})

test('rows that a migration writes are written once, though it is cut off before they are counted', async () => {
  await using given = await startCase()
  await cutOffIn(given, '0001_next', 'insert into log values ("next")')
  expect(await given.run()).toEqual({ applied: 1 })
  expect(await rowsOf(given.database, 'select note from log')).toEqual([{ note: 'next' }])
})

test('what is in a migration’s way from before stays an error, however often it is run', async () => {
  await using given = await startCase()
  await withConnection(given.database, (connection) => connection.execute('create table a (other int)', []))
  await writeMigrations(given.folder, steps)
  await expect(given.run()).rejects.toMatchObject({ errno: 1050 })
  await expect(given.run()).rejects.toMatchObject({ errno: 1050 })
})

test('of a statement that was changed since it was cut off, nothing is taken for done', async () => {
  await using given = await startCase()
  await cutOffIn(given, '0001_next', 'create table a (id int)')
  await writeMigrations(given.folder, [parts, ['0001_next', 'create table a (id bigint)']])
  await expect(given.run()).rejects.toMatchObject({ errno: 1050 })
})

test('a database whose migrations were counted without `begun` goes on', async () => {
  await using given = await startCase()
  await writeMigrations(given.folder, steps.slice(0, 1))
  await given.run()
  await withConnection(given.database, (connection) => connection.execute('alter table applied_migrations drop column begun', []))
  await writeMigrations(given.folder, steps)
  expect(await given.run()).toEqual({ applied: 2 })
})
