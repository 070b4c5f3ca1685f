import type { MySql2Database } from 'drizzle-orm/mysql2'
import type { ResultSetHeader } from 'mysql2'
import type { DriverResult } from './driver-result.ts'
import { createOrm, type Executor } from './orm.ts'
import type { SqlResult, SqlRow, SqlValue } from './sql-value.ts'

/** A text with a value for each `?` in it. */
export interface SqlStatement {
  readonly sql: string
  readonly params: readonly SqlValue[]
}

/** Statements that run on one connection, by Drizzle or as text. */
export interface SqlSession {
  readonly orm: MySql2Database
  execute(sql: string, params: readonly SqlValue[]): Promise<SqlResult>
}

/** Both ways to one executor. */
export function createSession(executor: Executor): SqlSession {
  return {
    orm: createOrm(executor),
    execute: async (sql, params) => toSqlResult(await executor({ sql, params })),
  }
}

/** The driver's result in our terms. */
export function toSqlResult([result]: DriverResult): SqlResult {
  if (Array.isArray(result)) return { affectedRows: 0, insertId: 0n, rows: result as SqlRow[] }
  const { affectedRows, insertId } = result as ResultSetHeader
  return { affectedRows, insertId: BigInt(insertId), rows: [] }
}
