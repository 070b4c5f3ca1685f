import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { type Fixture, startFixture } from '../test/fixture.ts'
import { internalsOf } from './database.ts'
import { lockName, withDatabaseLock } from './lock.ts'
import { withConnection } from './testing.ts'

test('of 20 who ask at once one holds the lock, and the others are told so', async () => {
  await using fixture = await startFixture({ poolSize: 20 })
  const othersAreBack = Promise.withResolvers<void>()
  let refused = 0
  const ask = async () => {
    const held = await withDatabaseLock(fixture.database, 'sweep', async () => (await othersAreBack.promise, true), { waitMs: 0 })
    if (!held && ++refused === 19) othersAreBack.resolve()
    return held
  }
  const outcomes = await Promise.all(Array.from({ length: 20 }, ask))
  expect(outcomes.filter(Boolean)).toHaveLength(1)
})

test('who waits gets the lock when it is free again, also after a wait longer than a statement may take', async () => {
  await using fixture = await startFixture({ statementTimeoutMs: 200 })
  const { database } = fixture
  const order: string[] = []
  const wait = () => withDatabaseLock(database, 'sweep', async () => void order.push('second'), { waitMs: 10_000 })
  const holder = await withDatabaseLock(
    database,
    'sweep',
    async () => {
      const waiter = wait()
      const asked = performance.now()
      await eventually(() => expect(performance.now() - asked).toBeGreaterThan(500))
      order.push('first')
      return { waiter }
    },
    { waitMs: 0 },
  )
  await holder?.waiter
  expect(order).toEqual(['first', 'second'])
})

test('a work that throws frees the lock', async () => {
  await using fixture = await startFixture()
  const fail = withDatabaseLock(fixture.database, 'sweep', () => Promise.reject(new Error('no')), { waitMs: 0 })
  await expect(fail).rejects.toThrow('no')
  expect(await withDatabaseLock(fixture.database, 'sweep', async () => 1, { waitMs: 0 })).toBe(1)
})

test('when the connection goes, the holder is told and another can take the lock', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  const outcome = await withDatabaseLock(
    database,
    'sweep',
    async (signal) => {
      const { rows } = await withConnection(database, (connection) =>
        connection.execute('select is_used_lock(?) as id', [lockName(database.name, 'sweep')]),
      )
      await withConnection(database, (connection) => connection.execute(`kill ${Number(rows[0]?.['id'])}`, []))
      await eventually(() => expect(signal.aborted).toBe(true))
      return withDatabaseLock(database, 'sweep', async () => 'taken over', { waitMs: 1_000 })
    },
    { waitMs: 0 },
  )
  expect(outcome).toBe('taken over')
})

/** A pool of one connection, and that one, with a variable that ends with its session. */
async function startMarked(fixture: Fixture) {
  const database = fixture.open({ poolSize: 1 })
  const { pool } = internalsOf(database)
  const connection = await pool.acquire()
  await connection.command('set @mark = 1')
  await pool.release(connection)
  const mark = async () => (await database.execute('select @mark as mark', [])).rows[0]?.['mark']
  return { database, connection, mark }
}

test('a lock leaves its connection as it was, with the statements that it has prepared, whether it was to be had or not', async () => {
  await using fixture = await startFixture()
  const { database, mark } = await startMarked(fixture)
  const lock = () => withDatabaseLock(database, 'sweep', async () => true, { waitMs: 0 })
  expect(await lock()).toBe(true)
  expect(await withDatabaseLock(fixture.database, 'sweep', lock, { waitMs: 0 })).toBe(undefined)
  expect(await mark()).toBe(1)
})

test('a connection of which it is not known that it has freed its lock is made as new', async () => {
  await using fixture = await startFixture()
  const { database, connection, mark } = await startMarked(fixture)
  const free = { sql: 'select release_lock(?)', params: [lockName(database.name, 'sweep')] }
  await withDatabaseLock(database, 'sweep', () => connection.execute(free), { waitMs: 0 })
  expect(await mark()).toBe(null)
})

test('two databases of a server, and two names of a database, have locks of their own', async () => {
  await using one = await startFixture()
  await using two = await startFixture()
  const nested = await withDatabaseLock(
    one.database,
    'sweep',
    () =>
      withDatabaseLock(two.database, 'sweep', () => withDatabaseLock(one.database, 'refill', async () => 'all three', { waitMs: 0 }), {
        waitMs: 0,
      }),
    { waitMs: 0 },
  )
  expect(nested).toBe('all three')
})

test('a lock’s name is its own however long it is, within the 64 characters of the server', () => {
  const long = 'x'.repeat(100)
  expect(lockName('shop', 'sweep')).toBe('shop/sweep')
  expect(lockName('shop', long)).toHaveLength(64)
  expect(lockName('shop', long)).not.toBe(lockName('shop', `${long}y`))
})

test('a statement on a connection that was given back is refused', async () => {
  await using fixture = await startFixture()
  const kept = await withConnection(fixture.database, async (connection) => connection)
  await expect(kept.execute('select 1', [])).rejects.toThrow('given back')
})
