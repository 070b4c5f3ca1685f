import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, Statement } from './connection.ts'
import { endsTransaction, isDeadlock, isLockWaitTimeout, unavailable } from './database-errors.ts'
import { type Database, internalsOf } from './database.ts'
import type { DriverResult } from './driver-result.ts'
import { createSession, type SqlSession, type SqlStatement, toSqlResult } from './session.ts'
import type { SqlResult } from './sql-value.ts'

/** A transaction, until its work has returned. */
export interface Transaction extends SqlSession {
  /**
   * Runs statements of which none needs another's result in one round trip; each runs whatever came of those before.
   * @throws what the first to fail threw
   */
  executeAll(statements: readonly SqlStatement[]): Promise<SqlResult[]>
  /**
   * Has statements whose results nobody needs sent along with the next one, or before the commit. Where one fails, so does
   * what it was sent with, and the transaction.
   */
  defer(statements: readonly SqlStatement[]): void
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
  const scope = createTransaction(connection, database)
  try {
    const result = await work(scope.tx)
    await scope.commit()
    return { result, hooks: scope.hooks }
  } catch (error) {
    await scope.rollBack()
    throw error
  }
}

/** Undoes what has not been committed on the connection. */
export async function rollBack(connection: Connection): Promise<void> {
  if (connection.lost.aborted) return
  const [outcome] = await connection.executeAll(['rollback']).catch(() => [])
  // The server rolls back what a lost connection leaves.
  if (outcome?.status === 'rejected') connection.destroy(outcome.reason)
}

/** The results of all. @throws what the first to fail threw */
export function allOf(outcomes: readonly PromiseSettledResult<DriverResult>[]): DriverResult[] {
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

/** It begins with its first statement: one that sends none costs no round trip. */
function createTransaction(connection: Connection, database: Database) {
  const { guard } = internalsOf(database)
  const hooks: (() => void)[] = []
  let deferred: Statement[] = []
  let over: Error | undefined
  let begun = false
  /** A deadlock has ended the transaction: what came after it would be one of its own. */
  let doomed: unknown

  function check(statement: Statement): void {
    const { leavesTraces } = guard.check(statement, 'data')
    if (over) throw over
    connection.dirty ||= leavesTraces
  }

  async function send(steps: readonly (string | Statement)[]): Promise<DriverResult[]> {
    if (doomed) throw doomed
    if (deferred.length + steps.length === 0) return []
    begun = true
    const before = deferred
    deferred = []
    const outcomes = await connection.executeAll([...before, ...steps]).catch((error: unknown) => {
      if (before.length > 0 || endsTransaction(error)) doomed ??= error
      throw error
    })
    for (const [index, outcome] of outcomes.entries()) {
      // Nobody awaits what was deferred, so that nobody could make do without it.
      if (outcome.status === 'rejected' && (index < before.length || endsTransaction(outcome.reason))) doomed ??= outcome.reason
    }
    return allOf(outcomes).slice(before.length)
  }

  async function executeAll(statements: readonly Statement[]): Promise<DriverResult[]> {
    for (const statement of statements) check(statement)
    return send(statements)
  }

  const session = createSession(async (statement) => {
    const [result] = await executeAll([statement])
    return result as DriverResult
  })
  const tx: Transaction = {
    ...session,
    executeAll: async (statements) => (await executeAll(statements)).map(toSqlResult),
    defer(statements) {
      for (const statement of statements) check(statement)
      deferred.push(...statements)
    },
    afterCommit: (hook) => void hooks.push(hook),
  }

  function end(): void {
    over ??= new TypeError('the transaction is over: a statement was not awaited')
  }

  return {
    tx,
    hooks,
    async rollBack() {
      end()
      if (begun) await rollBack(connection)
    },
    /** @throws what doomed the transaction, if the work has swallowed it */
    async commit() {
      end()
      await send([])
      if (begun) allOf(await connection.executeAll(['commit']))
    },
  }
}
