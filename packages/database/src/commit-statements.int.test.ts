import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { counters, startFixture } from '../test/fixture.ts'
import { startProxy } from '../test/proxy.ts'
import { commitStatements } from './commit-statements.ts'
import { isDeadlock, isDuplicateKey } from './database-errors.ts'
import type { Database } from './database.ts'
import { withTransaction } from './transaction.ts'

const insert = (...names: string[]) => ({
  sql: `insert into counters (name) values ${names.map(() => '(?)').join(', ')}`,
  params: names,
})
const increment = (name: string) => ({ sql: 'update counters set value = value + 1 where name = ?', params: [name] })

async function valuesOf({ orm }: Database): Promise<Record<string, number>> {
  const rows = await orm.select().from(counters)
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

test('all of them are committed, each result in its place, in two writes', async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url, poolSize: 1 })
  const run = (...[first = '', second = '', third = '']: string[]) =>
    commitStatements(database, [
      insert(first, second),
      increment(first),
      { sql: 'select value from counters where name = ?', params: [first] },
      insert(third),
    ])
  const [inserted, incremented, read, last] = await run('a', 'b', 'c')
  expect(inserted).toMatchObject({ affectedRows: 2, insertId: 1n })
  expect(incremented).toMatchObject({ affectedRows: 1 })
  expect(read?.rows).toEqual([{ value: 1 }])
  expect(last).toMatchObject({ insertId: 3n })
  expect(await valuesOf(fixture.database)).toEqual({ a: 1, b: 0, c: 0 })

  const before = proxy.writes
  await run('d', 'e', 'f')
  await database.ping()
  // The third is the ping's.
  expect(proxy.writes - before).toBe(3)
})

test('where one fails nothing of the others is kept, and the connection is as it was', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  await commitStatements(database, [insert('a')])
  const refused = commitStatements(database, [insert('b'), insert('a'), insert('c')])
  await expect(refused).rejects.toSatisfy(isDuplicateKey)
  await expect(commitStatements(database, [insert('b'), { sql: 'insert into nowhere values (1)', params: [] }])).rejects.toThrow('nowhere')
  const noValue = { sql: 'insert into counters (name) values (?)', params: [Symbol('no value') as never] }
  await expect(commitStatements(database, [insert('b'), noValue])).rejects.toThrow(TypeError)
  const unwritable = { sql: 'insert into counters (name) values (?)', params: [new Date(-8.64e15)] }
  await expect(commitStatements(database, [insert('b'), unwritable])).rejects.toThrow(RangeError)
  await expect(commitStatements(database, [unwritable, insert('b')])).rejects.toThrow(RangeError)
  expect(await valuesOf(fixture.database)).toEqual({ a: 0 })

  // This commits by itself again.
  await database.orm.insert(counters).values({ name: 'd' })
  await withTransaction(database, async (tx) => void (await tx.orm.insert(counters).values({ name: 'e' })))
  expect(Object.keys(await valuesOf(fixture.database))).toEqual(['a', 'd', 'e'])
})

test('what was sent after a statement that a deadlock ended does not commit by itself; tried again, all are', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await commitStatements(database, [insert('a', 'b')])
  for (const attempts of [1, 5]) {
    const [locked, blocked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const heavier = withTransaction(database, async (tx) => {
      // The server prefers to end who has changed least.
      const weight = insert(...Array.from({ length: 50 }, (_, n) => `weight ${attempts} ${n}`))
      for (const { sql, params } of [weight, increment('a')]) await tx.execute(sql, params)
      locked.resolve()
      await blocked.promise
      await tx.execute(increment('b').sql, ['b'])
    })
    await locked.promise
    const victim = commitStatements(database, [increment('b'), increment('a'), insert(`after ${attempts}`)], { attempts })
    await lockWait(database)
    blocked.resolve()
    const [, outcome] = await Promise.allSettled([heavier, victim])
    const names = Object.keys(await valuesOf(database))
    if (attempts === 1) {
      expect(outcome.status === 'rejected' && isDeadlock(outcome.reason)).toBe(true)
      expect(names).not.toContain('after 1')
    } else {
      expect(outcome.status).toBe('fulfilled')
      expect(names).toContain('after 5')
    }
  }
  expect(await valuesOf(database)).toMatchObject({ a: 3, b: 3 })
})

/** Resolves when somebody waits for a lock. */
async function lockWait(database: Database): Promise<void> {
  for (;;) {
    const { rows } = await database.execute(
      "select count(*) as waiting from information_schema.innodb_trx where trx_state = 'LOCK WAIT'",
      [],
    )
    if (Number(rows[0]?.['waiting']) > 0) return
  }
}

test('a connection lost at any byte of the answers is unavailable, and all is kept or nothing', async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url, poolSize: 1 })
  const outcomes = new Map<number, { code: unknown; kept: number }>()
  for (let bytes = 0; bytes <= 240; bytes += 12) {
    const names = ['first', 'second', 'third'].map((name) => `${name} ${bytes}`)
    const commit = (...[first = '', second = '', third = '']: string[]) =>
      commitStatements(database, [insert(first), increment(first), insert(second, third)])
    // Connected, and all prepared.
    await commit(...names.map((name) => `warm ${name}`))
    proxy.cutAfterAnswerBytes = bytes
    const error: unknown = await commit(...names).catch((reason: unknown) => reason)
    proxy.cutAfterAnswerBytes = undefined
    const kept = Object.keys(await valuesOf(fixture.database)).filter((name) => names.includes(name)).length
    outcomes.set(bytes, { code: isFrontdeskError(error) ? error.code : 'committed', kept })
  }
  // Of the first the transaction's answers are cut off, of the last nothing that it needs.
  expect(outcomes.get(0)).toEqual({ code: 'unavailable', kept: 0 })
  expect(outcomes.get(36)).toEqual({ code: 'unavailable', kept: 0 })
  expect(outcomes.get(240)).toEqual({ code: 'committed', kept: 3 })
  for (const { code, kept } of outcomes.values()) expect(code === 'committed' ? [3] : [0, 3]).toContain(kept)
})

test('the guard looks at each of them before any is sent', async () => {
  await using fixture = await startFixture()
  const unguarded = { sql: 'select * from visits', params: [] }
  expect(() => commitStatements(fixture.database, [insert('a'), unguarded])).toThrow('query guard')
  expect(await valuesOf(fixture.database)).toEqual({})
})
