import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { endsTransaction, isDeadlock, isLockWaitTimeout, unavailable } from './database-errors.ts'
import { type Database, internalsOf } from './database.ts'
import { createSession, type SqlSession } from './session.ts'

/** A transaction, until its work has returned. */
export interface Transaction extends SqlSession {
  /** Has the hook called once this transaction has committed; never for one that was rolled back. */
  afterCommit(hook: () => void): void
}

/** How often to try a transaction that deadlocks or waits too long for a lock; 5 times when left out. */
export interface TransactionOptions {
  readonly attempts?: number
}

const firstDelayMs = 10
const longestDelayMs = 500

/**
 * Runs the work in a READ COMMITTED transaction, which commits when it returns and rolls back when it throws, the error
 * being the work's own. After a deadlock or a lock time-out it runs again, so it must do nothing outside of the database.
 * @throws FrontdeskError unavailable if the database, a connection or the locks are not to be had.
 */
export async function withTransaction<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
  { attempts = 5 }: TransactionOptions = {},
): Promise<T> {
  return tryAgain(database, attempts, () => runOnce(database, work))
}

/** Runs it again after a deadlock or a lock time-out, a little later each time. */
export async function tryAgain<T>(database: Database, attempts: number, run: () => Promise<T>): Promise<T> {
  const retried = internalsOf(database).telemetry.metrics.counter('database_transaction_retries_total', 'Transactions tried again.', [
    'reason',
  ])
  for (let attempt = 1; ; attempt++) {
    try {
      // The next attempt follows from this one.
      return await run()
    } catch (error) {
      const reason = isDeadlock(error) ? 'deadlock' : isLockWaitTimeout(error) ? 'lock_wait' : undefined
      if (!reason) throw error
      if (attempt >= attempts) throw unavailable(`${reason} in each of ${attempts} attempts`, error)
      retried.inc({ reason })
      await delay(Math.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** attempt))
    }
  }
}

async function runOnce<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const { pool, telemetry } = internalsOf(database)
  const connection = await pool.acquire()
  let hooks: readonly (() => void)[]
  let result: T
  try {
    ;({ result, hooks } = await runOn(connection, database, work))
  } finally {
    void pool.release(connection)
  }
  for (const hook of hooks) {
    try {
      hook()
    } catch (error) {
      telemetry.logger.error({ err: error }, 'a hook failed after its commit')
    }
  }
  return result
}

async function runOn<T>(connection: Connection, database: Database, work: (tx: Transaction) => Promise<T>) {
  await begin(connection)
  const scope = createTransaction(connection, database)
  try {
    const result = await work(scope.tx)
    scope.end()
    await connection.command('commit')
    return { result, hooks: scope.hooks }
  } catch (error) {
    scope.end(error)
    await rollBack(connection)
    throw error
  }
}

/** Of a connection whose begin failed nobody knows what state it is in. */
async function begin(connection: Connection): Promise<void> {
  try {
    await connection.command('start transaction')
  } catch (error) {
    connection.destroy(error)
    throw error
  }
}

async function rollBack(connection: Connection): Promise<void> {
  if (connection.lost.aborted) return
  try {
    await connection.command('rollback')
  } catch (error) {
    // The server rolls back what a lost connection leaves.
    connection.destroy(error)
  }
}

function createTransaction(connection: Connection, database: Database) {
  const { guard } = internalsOf(database)
  const hooks: (() => void)[] = []
  let over: Error | undefined
  /** A deadlock has ended the transaction: what came after it would commit by itself, one statement at a time. */
  let doomed: unknown

  const session = createSession(async (statement) => {
    const { leavesTraces } = guard.check(statement, 'data')
    if (over) throw over
    if (doomed) throw doomed
    connection.dirty ||= leavesTraces
    try {
      return await connection.execute(statement)
    } catch (error) {
      if (endsTransaction(error)) doomed ??= error
      throw error
    }
  })
  const tx: Transaction = { ...session, afterCommit: (hook) => void hooks.push(hook) }

  return {
    tx,
    hooks,
    /** @throws what doomed the transaction, if the work has swallowed it */
    end(error?: unknown) {
      over ??= new TypeError('the transaction is over: a statement was not awaited')
      if (doomed && error === undefined) throw doomed
    },
  }
}
