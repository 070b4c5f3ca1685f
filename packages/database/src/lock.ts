import { createHash } from 'node:crypto'
import { type Database, internalsOf } from './database.ts'
import { createSession, type SqlSession } from './session.ts'

/** A server's wait for a lock counts as statement time, so a long one is made of short ones, for which MySQL gets its own limit. */
const longestWaitMs = 1_000
const takeText = `select /*+ max_execution_time(${2 * longestWaitMs}) */ get_lock(?, ?) as taken`
const longestLockName = 64

/**
 * Changes a table on a connection beside the pool, however long it takes; it waits at most 1 s for those who use the table.
 * When the signal aborts nobody waits for it any more: the server may yet finish it.
 */
export async function alterTable(database: Database, sql: string, signal: AbortSignal): Promise<void> {
  const { openUnhurried, guard } = internalsOf(database)
  const connection = await openUnhurried()
  const leave = () => connection.destroy(signal.reason)
  signal.addEventListener('abort', leave)
  try {
    signal.throwIfAborted()
    // All others wait behind it meanwhile.
    await connection.command('set session lock_wait_timeout = 1')
    guard.check({ sql, params: [] }, 'session')
    await connection.command(sql)
  } finally {
    signal.removeEventListener('abort', leave)
    await connection.end()
  }
}

/**
 * Runs the work while this database's lock of that name is held; undefined if somebody else keeps it for `waitMs`,
 * in whole seconds above 0.
 * The lock needs its connection: when that is lost the signal aborts, and another may already hold the lock.
 */
export async function withDatabaseLock<T>(
  database: Database,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
  { waitMs }: { waitMs: number },
): Promise<T | undefined> {
  const lock = lockName(database.name, name)
  const { pool } = internalsOf(database)
  const connection = await pool.acquire()
  const session = createSession((statement) => connection.execute(statement))
  // Until it is known not to hold the lock: the reset at release, or the connection's end, frees it. A reset that is not needed would
  // cost the connection all of its prepared statements, and sweepers ask once a second.
  connection.dirty = true
  try {
    if (!(await takeLock(session, lock, waitMs))) {
      connection.dirty = false
      return undefined
    }
    try {
      return await work(connection.lost)
    } finally {
      connection.dirty = !(await freeLock(session, lock).catch(() => false))
    }
  } finally {
    void pool.release(connection)
  }
}

/** A server's locks know no databases, and their names end at 64 characters. */
export function lockName(database: string, name: string): string {
  const full = `${database}/${name}`
  if (full.length <= longestLockName) return full
  return createHash('sha256').update(full).digest('hex').slice(0, longestLockName)
}

/** Whether the session now holds the lock. */
export async function takeLock(session: Pick<SqlSession, 'execute'>, lock: string, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs
  for (;;) {
    // Whole seconds, which is what MySQL rounds to.
    const seconds = Math.ceil(Math.min(longestWaitMs, Math.max(0, deadline - performance.now())) / 1_000)
    // One wait after the other, on one connection.
    const { rows } = await session.execute(takeText, [lock, seconds])
    if (rows[0]?.['taken'] === 1) return true
    if (performance.now() >= deadline) return false
  }
}

/** Whether the session held the lock, which it took once, and so no longer does. */
async function freeLock(session: Pick<SqlSession, 'execute'>, lock: string): Promise<boolean> {
  const { rows } = await session.execute('select release_lock(?) as freed', [lock])
  return rows[0]?.['freed'] === 1
}
