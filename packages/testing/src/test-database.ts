import { randomBytes } from 'node:crypto'
import { createConnection } from 'mysql2/promise'

declare module 'vitest' {
  export interface ProvidedContext {
    /** mysql://root@127.0.0.1:port of the run's one MariaDB. */
    mysqlUrl: string
  }
}

export interface TestDatabase extends AsyncDisposable {
  /** mysql://user@host:port/name */
  readonly url: string
}

/** Creates an empty database of its own on the run's MariaDB (MYSQL_URL where given); dispose drops it. */
export const createTestDatabase = async (): Promise<TestDatabase> => {
  const url = new URL(await serverUrl())
  const name = `test_${randomBytes(8).toString('hex')}`
  await run(url, `create database ${name} character set utf8mb4`)
  const server = url.href
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => run(new URL(server), `drop database if exists ${name}`) }
}

const serverUrl = async (): Promise<string> => {
  if (process.env['MYSQL_URL']) return process.env['MYSQL_URL']
  // vitest can only be imported inside its workers, and the scripts use this package outside of them.
  const { inject } = await import('vitest')
  return inject('mysqlUrl')
}

const run = async (url: URL, sql: string): Promise<void> => {
  const server = new URL(url)
  server.pathname = ''
  const connection = await createConnection(server.href)
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}
