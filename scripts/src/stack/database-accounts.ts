import { createConnection } from 'mysql2/promise'
import { type ServiceName, serviceNames } from './manifest.ts'

/** The database, and the user, of a service. */
function nameOf(service: ServiceName): string {
  return service.replace('-', '_')
}

/** Gives every service a database of its own and a user with rights on that alone; the URL of each. */
export async function createDatabaseAccounts(rootUrl: string, password: string): Promise<Record<ServiceName, string>> {
  const connection = await createConnection({ uri: rootUrl, multipleStatements: true })
  try {
    const statements = serviceNames.map(nameOf).map(
      (name) => `create database if not exists ${name} character set utf8mb4;
        create user if not exists ${name}@'%';
        alter user ${name}@'%' identified by ?;
        grant all on ${name}.* to ${name}@'%';`,
    )
    await connection.query(
      statements.join('\n'),
      serviceNames.map(() => password),
    )
  } finally {
    await connection.end()
  }
  return Object.fromEntries(serviceNames.map((service) => [service, accountUrl(rootUrl, nameOf(service), password)])) as Record<
    ServiceName,
    string
  >
}

function accountUrl(rootUrl: string, name: string, password: string): string {
  const url = new URL(rootUrl)
  url.username = name
  url.password = password
  url.pathname = `/${name}`
  return url.href
}
