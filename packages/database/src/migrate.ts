import type { Telemetry } from '@frontdesk/telemetry'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'
import { Connection } from './connection.ts'
import { ConnectionLostError, isAlreadyDone, unavailable } from './database-errors.ts'
import { lockName, takeLock } from './lock.ts'
import { createSession, type SqlSession } from './session.ts'
import type { SqlRow } from './sql-value.ts'

const connectTimeoutMs = 10_000
const lockWaitMs = 120_000

const createTable = `create table if not exists applied_migrations (
  created_at bigint not null primary key,
  hash char(64) character set ascii collate ascii_bin not null,
  statements int unsigned not null,
  begun int unsigned null,
  finished_at datetime(3) null
)`

/**
 * Brings the URL's database, created if it is absent, up to the migrations that drizzle-kit wrote to the folder.
 * Safe to call from several replicas at once: each step runs once, and the others wait for it.
 * @throws Error if a migration that was applied has been changed since.
 */
export async function migrate(url: string, migrationsFolder: string, telemetry: Telemetry): Promise<{ applied: number }> {
  const migrations = readMigrationFiles({ migrationsFolder })
  const { server, name } = splitUrl(url)
  const connection = await Connection.open({ url: server, connectTimeoutMs, statementTimeoutMs: 0 })
  try {
    const session = createSession((statement) => connection.execute(statement))
    // On the very connection that migrates: if it goes, so does the lock, and the server rolls back what it was at.
    if (!(await takeLock(session, lockName(name, 'migrate'), lockWaitMs))) throw unavailable('somebody else keeps migrating')
    await useDatabase(session, connection, name)
    return { applied: await applyAll(session, connection, migrations, telemetry) }
  } finally {
    await connection.end()
  }
}

function splitUrl(url: string): { server: string; name: string } {
  const server = new URL(url)
  const name = decodeURIComponent(server.pathname.slice(1))
  if (!/^[\w-]{1,64}$/.test(name)) throw new TypeError('the database URL needs a plain database name in its path')
  server.pathname = ''
  return { server: server.href, name }
}

/** Looks first: a service's own user may well not be allowed to create a database that is there. */
async function useDatabase(session: SqlSession, connection: Connection, name: string): Promise<void> {
  const { rows } = await session.execute('select schema_name from information_schema.schemata where schema_name = ?', [name])
  if (rows.length === 0) await connection.command(`create database if not exists \`${name}\` character set utf8mb4`)
  await connection.command(`use \`${name}\``)
}

async function applyAll(session: SqlSession, connection: Connection, migrations: MigrationMeta[], telemetry: Telemetry): Promise<number> {
  await connection.command(createTable)
  await addColumnBegun(session, connection)
  const { rows } = await session.execute('select created_at, hash, statements, begun, finished_at from applied_migrations', [])
  const known = new Map(rows.map((row) => [Number(row['created_at']), row]))
  let applied = 0
  for (const migration of migrations) {
    const row = known.get(migration.folderMillis)
    if (row?.['finished_at']) {
      if (row['hash'] !== migration.hash)
        throw new Error(`the migration of ${new Date(migration.folderMillis).toISOString()} was changed after it had been applied`)
      continue
    }
    // One step after the other.
    await applyOne(session, connection, migration, row, telemetry)
    applied++
    telemetry.logger.info({ migration: migration.folderMillis, statements: migration.sql.length }, 'migration applied')
  }
  return applied
}

/** For a table of the runner's first form. */
async function addColumnBegun(session: SqlSession, connection: Connection): Promise<void> {
  const { rows } = await session.execute(
    'select column_name from information_schema.columns where table_schema = database() and table_name = ? and column_name = ?',
    ['applied_migrations', 'begun'],
  )
  if (rows.length === 0) await connection.command('alter table applied_migrations add column begun int unsigned null')
}

const begin =
  'insert into applied_migrations (created_at, hash, statements, begun) values (?, ?, ?, ?) on duplicate key update hash = values(hash), statements = values(statements), begun = values(begun)'
const count = 'update applied_migrations set statements = ?, begun = null where created_at = ?'
const giveUp = 'update applied_migrations set begun = null where created_at = ?'
const finish = 'update applied_migrations set finished_at = utc_timestamp(3) where created_at = ?'

/**
 * A statement on rows commits together with its count. DDL commits at once: `begun` says that it may have happened
 * uncounted, and of that one statement, unchanged, its having happened already is no error.
 */
async function applyOne(
  session: SqlSession,
  connection: Connection,
  { folderMillis, hash, sql }: MigrationMeta,
  before: SqlRow | undefined,
  telemetry: Telemetry,
): Promise<void> {
  const done = Number(before?.['statements'] ?? 0)
  const uncounted = before?.['hash'] === hash ? before['begun'] : null
  // One statement after the other.
  for (const [index, statement] of sql.entries()) {
    if (index < done || statement.trim() === '') continue
    await session.execute(begin, [folderMillis, hash, index, index])
    await connection.command('start transaction')
    try {
      await connection.command(statement)
    } catch (error) {
      if (index !== uncounted || !isAlreadyDone(error)) {
        if (!(error instanceof ConnectionLostError)) await forget(session, connection, folderMillis)
        throw error
      }
      telemetry.logger.warn(
        { err: error, migration: folderMillis, statement: index },
        'a statement had been applied before its run was cut off',
      )
    }
    await session.execute(count, [index + 1, folderMillis])
    await connection.command('commit')
  }
  await session.execute(finish, [folderMillis])
}

/** The statement failed, and so has not happened: next time nothing about it is taken for done. */
async function forget(session: SqlSession, connection: Connection, folderMillis: number): Promise<void> {
  try {
    await connection.command('rollback')
    await session.execute(giveUp, [folderMillis])
  } catch {
    // Why the statement failed says more.
  }
}
