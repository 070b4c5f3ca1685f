import { createConnection } from 'mysql2/promise'
import { type ServiceName, serviceNames } from './manifest.ts'

/** Whose accounts they are. */
export interface AccountOwner {
  /** Ends the names of the users, so that checkouts on one server leave each other's alone. */
  readonly checkoutId: string
  readonly databasePassword: string
}

/** Gives every service a database of its own and a user with rights on that alone; the URL of each. */
export async function createDatabaseAccounts(
  rootUrl: string,
  { checkoutId, databasePassword }: AccountOwner,
): Promise<Record<ServiceName, string>> {
  const accounts = serviceNames.map((service) => {
    const database = service.replace('-', '_')
    return { service, database, user: `${database}_${checkoutId}` }
  })
  const connection = await createConnection({ uri: rootUrl, multipleStatements: true })
  try {
    const statements = accounts.map(
      ({ database }) => `create database if not exists ${database} character set utf8mb4;
        create user if not exists ?@'%';
        alter user ?@'%' identified by ?;
        grant all on ${database}.* to ?@'%';`,
    )
    await connection.query(
      statements.join('\n'),
      accounts.flatMap(({ user }) => [user, user, databasePassword, user]),
    )
  } finally {
    await connection.end()
  }
  return Object.fromEntries(
    accounts.map(({ service, database, user }) => [service, accountUrl(rootUrl, database, user, databasePassword)]),
  ) as Record<ServiceName, string>
}

function accountUrl(rootUrl: string, database: string, user: string, password: string): string {
  const url = new URL(rootUrl)
  url.username = user
  url.password = password
  url.pathname = `/${database}`
  return url.href
}
