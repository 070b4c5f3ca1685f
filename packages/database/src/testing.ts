import { acrossCompanies } from './across-companies.ts'
import { type Database, internalsOf } from './database.ts'
import { createSession, type SqlSession, type SqlStatement } from './session.ts'
import type { SqlValue } from './sql-value.ts'

/** Lends one connection without a transaction, on which any statement may run; what the work did to its session is undone at the end. */
export async function withConnection<T>(database: Database, work: (connection: SqlSession) => Promise<T>): Promise<T> {
  const { pool, guard } = internalsOf(database)
  const connection = await pool.acquire()
  connection.dirty = true
  let over = false
  const session = createSession(async (statement) => {
    guard.check(statement, 'session')
    if (over) throw new TypeError('the connection was given back: a statement was not awaited')
    return connection.execute(statement)
  })
  try {
    return await work(session)
  } finally {
    over = true
    void pool.release(connection)
  }
}

/** One table of a plan, in the words of the servers' `EXPLAIN`. */
export interface PlanStep {
  readonly table: string | null
  readonly type: string | null
  readonly key: string | null
  readonly Extra: string | null
}

/** How the server would run the statement, whatever companies it is of. */
export async function explain(
  database: Database,
  statement: SqlStatement | { toSQL(): { sql: string; params: readonly unknown[] } },
): Promise<PlanStep[]> {
  const { sql, params } = 'toSQL' in statement ? statement.toSQL() : statement
  const { rows } = await acrossCompanies('the plan of a statement', () =>
    // By name: what a server shows by itself is not the same on each.
    withConnection(database, (connection) => connection.execute(`explain format = traditional ${sql}`, params as readonly SqlValue[])),
  )
  return rows as unknown as PlanStep[]
}

/** Has the server count the tables' rows, so that its plans are those of so many. */
export async function analyze(database: Database, ...tables: readonly string[]): Promise<void> {
  await acrossCompanies('the plan of a statement', () =>
    withConnection(database, (connection) => connection.execute(`analyze table ${tables.join(', ')}`, [])),
  )
}
