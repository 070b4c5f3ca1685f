import { createTestDatabase } from '@frontdesk/testing'
import { createPool } from 'mysql2/promise'
import type { Pool } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTransaction } from './mysql-transaction.ts'

const started = new AsyncDisposableStack()
let pool: Pool
beforeAll(async () => {
  const database = started.use(await createTestDatabase())
  pool = createPool({ uri: database.url, connectionLimit: 1 })
  started.defer(() => pool.end())
  await pool.query('create table effects (id int primary key)')
})
afterAll(() => started.disposeAsync())

async function effects(): Promise<unknown> {
  const [rows] = await pool.query('select id from effects order by id')
  return rows
}

test('what lost a deadlock is run again, and only its last run counts', async () => {
  let runs = 0
  await inTransaction(pool, async (connection) => {
    await connection.query('insert into effects values (?)', [++runs])
    if (runs < 3) throw Object.assign(new Error('Deadlock found'), { errno: 1213 })
  })
  expect(await effects()).toEqual([{ id: 3 }])
})

test('a throw undoes its work, and the connection is the next one’s, clean', async () => {
  const work = inTransaction(pool, async (connection) => {
    await connection.query('insert into effects values (10)')
    throw new TypeError('a bug')
  })
  await expect(work).rejects.toThrow('a bug')
  expect(await effects()).toEqual([{ id: 3 }])
})

test('a connection that is lost in the middle means unavailable, and the pool goes on', async () => {
  const work = inTransaction(pool, async (connection) => {
    await connection.query('insert into effects values (11)')
    await connection.query('kill connection_id()').catch(() => undefined)
    await connection.query('insert into effects values (12)')
  })
  await expect(work).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  expect(await effects()).toEqual([{ id: 3 }])
})

test('a database that is not there means unavailable', async () => {
  const nowhere = createPool({ host: '127.0.0.1', port: 1, connectTimeout: 500 })
  await expect(inTransaction(nowhere, () => Promise.resolve())).rejects.toMatchObject({ code: 'unavailable' })
  await nowhere.end()
})
