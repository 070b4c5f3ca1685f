import type { TestProject } from 'vitest/node'
import { startMariadb } from './mariadb.ts'
import './test-database.ts'

/** One MariaDB for the whole run; tests take a database of their own from it. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['MYSQL_URL']
  if (given) {
    project.provide('mysqlUrl', given)
    return undefined
  }
  const server = await startMariadb()
  project.provide('mysqlUrl', server.url)
  return async () => server[Symbol.asyncDispose]()
}
