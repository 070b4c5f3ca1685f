import { randomBytes } from 'node:crypto'
import { startMariadb } from '@frontdesk/testing'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { createDatabaseAccounts } from './database-accounts.ts'

const checkout = () => ({ checkoutId: randomBytes(4).toString('hex'), databasePassword: randomBytes(8).toString('hex') })

test('two checkouts on one server both stay able to log in, each service to its own database alone', async () => {
  await using server = await startMariadb()
  const [first, second] = [checkout(), checkout()]
  const urls = [await createDatabaseAccounts(server.url, first), await createDatabaseAccounts(server.url, second)]
  expect(await createDatabaseAccounts(server.url, first)).toEqual(urls[0])

  for (const url of urls.flatMap((byService) => Object.values(byService))) {
    const connection = await createConnection(url)
    try {
      expect(await connection.query('SELECT 1').then(() => 'logged in')).toBe('logged in')
      const [databases] = await connection.query({ sql: 'SHOW DATABASES', rowsAsArray: true })
      expect(databases).toEqual(expect.arrayContaining([[new URL(url).pathname.slice(1)]]))
      expect(databases).toHaveLength(2)
    } finally {
      await connection.end()
    }
  }
})
