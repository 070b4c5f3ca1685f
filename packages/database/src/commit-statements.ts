import type { Connection } from './connection.ts'
import { type Database, internalsOf } from './database.ts'
import { type SqlStatement, toSqlResult } from './session.ts'
import type { SqlResult } from './sql-value.ts'
import { allOf, rollBack, type TransactionOptions, tryAgain } from './transaction.ts'

/**
 * Commits the statements as one READ COMMITTED transaction in two round trips, once they are prepared, of which the second is the commit: for
 * statements of which none needs another's result. It throws what the first to fail threw, and then none has happened. After
 * a deadlock or a lock time-out they run again.
 * @throws FrontdeskError unavailable if the database, a connection or the locks are not to be had.
 */
export function commitStatements(
  database: Database,
  statements: readonly SqlStatement[],
  { attempts = 5 }: TransactionOptions = {},
): Promise<SqlResult[]> {
  const { pool, guard } = internalsOf(database)
  const leavesTraces = statements.map((statement) => guard.check(statement, 'data').leavesTraces).includes(true)
  return tryAgain(database, attempts, async () => {
    const connection = await pool.acquire()
    connection.dirty ||= leavesTraces
    try {
      return await commitOn(connection, statements)
    } finally {
      void pool.release(connection)
    }
  })
}

async function commitOn(connection: Connection, statements: readonly SqlStatement[]): Promise<SqlResult[]> {
  try {
    const results = allOf(await connection.executeAll(statements))
    allOf(await connection.executeAll(['commit']))
    return results.map(toSqlResult)
  } catch (error) {
    await rollBack(connection)
    throw error
  }
}
