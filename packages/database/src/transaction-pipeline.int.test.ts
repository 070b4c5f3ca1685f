import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { failure, increment, makeDeadlock, seed } from '../test/deadlock.ts'
import { counters, startFixture } from '../test/fixture.ts'
import { startProxy } from '../test/proxy.ts'
import { isDeadlock, isDuplicateKey } from './database-errors.ts'
import type { Database } from './database.ts'
import { withTransaction } from './transaction.ts'

const name = (sql: string, value: string) => ({ sql, params: [value] })
const insertCounter = (value: string) => name('insert into counters (name) values (?)', value)

async function names({ orm }: Database): Promise<string[]> {
  const rows = await orm.select({ name: counters.name }).from(counters)
  return rows.map((row) => row.name).toSorted()
}

test('a transaction takes one write for each round trip that its work asks for, and one for the commit', async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url, poolSize: 1 })
  const run = (suffix: string) =>
    withTransaction(database, async (tx) => {
      const [, read] = await tx.executeAll([insertCounter(`a${suffix}`), name('select value from counters where name = ?', `a${suffix}`)])
      const [row] = await tx.orm
        .select({ name: counters.name })
        .from(counters)
        .where(eq(counters.name, `a${suffix}`))
      tx.defer([insertCounter(`b${suffix}`)])
      await tx.execute('insert into counters (name) values (?), (?)', [`c${suffix}`, `d${suffix}`])
      tx.defer([insertCounter(`e${suffix}`)])
      return [read?.rows, row]
    })
  expect(await run('1')).toEqual([[{ value: 0 }], { name: 'a1' }])
  const before = proxy.writes
  await run('2')
  expect(proxy.writes - before).toBe(5)
  expect(await names(fixture.database)).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'd2', 'e1', 'e2'])

  const untouched = proxy.writes
  expect(await withTransaction(database, (tx) => tx.executeAll([]))).toEqual([])
  expect(proxy.writes - untouched).toBe(0)
})

test('statements that are not awaited run in the order in which they were asked for', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  const lengths = [3, 1, 2, 1, 3]
  await withTransaction(database, (tx) =>
    Promise.all(
      lengths.map((length, at) =>
        tx.executeAll(
          Array.from({ length }, (_, n) => ({ sql: `insert into counters (name, value) values (?, ${length})`, params: [`${at}.${n}`] })),
        ),
      ),
    ),
  )
  const { rows } = await database.execute('select name from counters order by id', [])
  expect(rows.map((row) => row['name'])).toEqual(lengths.flatMap((length, at) => Array.from({ length }, (_, n) => `${at}.${n}`)))
})

test('where one of several fails its work may go on with what the others did, or leave it', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  const twice = [insertCounter('a'), insertCounter('a'), insertCounter('b')]
  expect(await failure(withTransaction(database, (tx) => tx.executeAll(twice)))).toSatisfy(isDuplicateKey)
  expect(await names(database)).toEqual([])
  await withTransaction(database, async (tx) => void (await failure(tx.executeAll(twice))))
  expect(await names(database)).toEqual(['a', 'b'])
})

test('a transaction whose deferred statement fails is not committed, whatever its work makes of it', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  const swallowing = withTransaction(database, async (tx) => {
    tx.defer([insertCounter('a')])
    await failure(tx.execute('insert into counters (name) values (?)', ['c']))
    await failure(tx.execute('insert into counters (name) values (?)', ['d']))
  })
  expect(await failure(swallowing)).toSatisfy(isDuplicateKey)
  const last = withTransaction(database, async (tx) => {
    await tx.executeAll([insertCounter('e')])
    tx.defer([insertCounter('a')])
  })
  expect(await failure(last)).toSatisfy(isDuplicateKey)
  const unprepared = withTransaction(database, async (tx) => {
    tx.defer([insertCounter('f')])
    await failure(tx.execute('insert into nowhere values (?)', [1]))
  })
  expect(await failure(unprepared)).toMatchObject({ message: expect.stringContaining('nowhere') })
  expect(await names(database)).toEqual(['a', 'b'])
})

test('of a pipeline with another failure before its deadlock nothing is committed, even by a work that goes on', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  const [, victim] = await makeDeadlock(
    database,
    async (tx, meet) => {
      await increment(tx, 'b')
      await meet()
      await failure(tx.executeAll([insertCounter('b'), name('update counters set value = 9 where name = ?', 'a'), insertCounter('stray')]))
    },
    1,
  )
  expect(victim.status === 'rejected' && isDeadlock(victim.reason)).toBe(true)
  expect(await names(database)).not.toContain('stray')
})

test('after a transaction a single statement commits by itself again', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  await withTransaction(database, (tx) => tx.executeAll([insertCounter('a')]))
  await database.execute('insert into counters (name) values (?)', ['b'])
  expect(await names(fixture.database)).toEqual(['a', 'b'])
})
