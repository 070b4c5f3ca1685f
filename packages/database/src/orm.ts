import { DrizzleQueryError } from 'drizzle-orm'
import { MySqlDialect, type MySqlPreparedQueryConfig, type PreparedQueryKind } from 'drizzle-orm/mysql-core'
import { MySql2Database, type MySql2PreparedQueryHKT, MySql2Session } from 'drizzle-orm/mysql2'
import type { Connection as DriverClient } from 'mysql2/promise'
import type { Statement } from './connection.ts'
import type { DriverResult } from './driver-result.ts'

/** Runs one statement, wherever it belongs. */
export type Executor = (statement: Statement) => Promise<DriverResult>

type NoSchema = Record<string, never>
type Prepared<Config extends MySqlPreparedQueryConfig> = PreparedQueryKind<MySql2PreparedQueryHKT, Config>

class Session extends MySql2Session<NoSchema, NoSchema> {
  override prepareQuery<Config extends MySqlPreparedQueryConfig>(
    ...args: Parameters<MySql2Session<NoSchema, NoSchema>['prepareQuery']>
  ): Prepared<Config> {
    const prepared: Prepared<Config> = super.prepareQuery<Config>(...args)
    const execute = prepared.execute.bind(prepared)
    prepared.execute = (values) => execute(values).catch(rethrowCause)
    // Streams need a connection of their own, past our limits and the guard.
    prepared.iterator = () => {
      throw new TypeError('iterator() is not supported: read pages with limit()')
    }
    return prepared
  }

  /** Drizzle's own begins outside of its try, and leaks the connection when that fails. */
  override transaction(): Promise<never> {
    return Promise.reject(new TypeError('use withTransaction() instead of orm.transaction()'))
  }
}

/** Drizzle whose every statement goes to the executor, and whose errors are the executor's own. */
export function createOrm(execute: Executor): MySql2Database {
  const run = (query: string | { sql: string; rowsAsArray?: boolean }, params: readonly unknown[] = []) =>
    typeof query === 'string' ? execute({ sql: query, params }) : execute({ sql: query.sql, params, asArrays: query.rowsAsArray ?? false })
  // Of a driver's connection, Drizzle's session calls these two alone.
  const client = { query: run, execute: run } as unknown as DriverClient
  const dialect = new MySqlDialect()
  return new MySql2Database(dialect, new Session(client, dialect, undefined, { mode: 'planetscale' }), undefined, 'planetscale')
}

/** Drizzle's wrapper names the parameters' values in its message, which would carry them into the log. */
function rethrowCause(error: unknown): never {
  throw error instanceof DrizzleQueryError && error.cause ? error.cause : error
}
