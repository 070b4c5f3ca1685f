import type { Telemetry } from '@frontdesk/telemetry'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'
import { Connection } from './connection.ts'
import { unavailable } from './database-errors.ts'
import { lockName, takeLock } from './lock.ts'
import { createSession, type SqlSession } from './session.ts'

const connectTimeoutMs = 10_000
const lockWaitMs = 120_000

const createTable = `create table if not exists applied_migrations (
  created_at bigint not null primary key,
  hash char(64) character set ascii collate ascii_bin not null,
  statements int unsigned not null,
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
  const { rows } = await session.execute('select created_at, hash, statements, finished_at from applied_migrations', [])
  const known = new Map(rows.map((row) => [Number(row['created_at']), row]))
  let applied = 0
  for (const migration of migrations) {
    const row = known.get(migration.folderMillis)
    if (row?.['finished_at']) {
      if (row['hash'] !== migration.hash)
        throw new Error(`the migration of ${new Date(migration.folderMillis).toISOString()} was changed after it had been applied`)
      continue
    }
    // eslint-disable-next-line no-await-in-loop -- one step after the other
    await applyOne(session, connection, migration, Number(row?.['statements'] ?? 0))
    applied++
    telemetry.logger.info({ migration: migration.folderMillis, statements: migration.sql.length }, 'migration applied')
  }
  return applied
}

/** MySQL commits at every DDL statement, so the count is kept for each: a migration that failed goes on where it stopped. */
async function applyOne(session: SqlSession, connection: Connection, migration: MigrationMeta, done: number): Promise<void> {
  const { folderMillis, hash, sql } = migration
  const save =
    'insert into applied_migrations (created_at, hash, statements) values (?, ?, ?) on duplicate key update hash = values(hash), statements = values(statements)'
  for (const [index, statement] of sql.entries()) {
    if (index < done) continue
    // eslint-disable-next-line no-await-in-loop
    if (statement.trim() !== '') await connection.command(statement)
    // eslint-disable-next-line no-await-in-loop
    await session.execute(save, [folderMillis, hash, index + 1])
  }
  await session.execute('update applied_migrations set finished_at = utc_timestamp(3) where created_at = ?', [folderMillis])
}
