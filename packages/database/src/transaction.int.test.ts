import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { failure, increment, makeDeadlock, seed } from '../test/deadlock.ts'
import { counters, metric, repeat, startFixture } from '../test/fixture.ts'
import { startProxy } from '../test/proxy.ts'
import { isDeadlock, isDuplicateKey, isLockWaitTimeout } from './database-errors.ts'
import type { Database } from './database.ts'
import { withConnection } from './testing.ts'
import { type Transaction, withTransaction } from './transaction.ts'

async function valueOf({ orm }: Database, name: string): Promise<number | undefined> {
  const [row] = await orm.select({ value: counters.value }).from(counters).where(eq(counters.name, name))
  return row?.value
}

test('what the work returns is returned once it is committed; what it throws rolls it back', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  expect(await withTransaction(database, async (tx) => (await increment(tx, 'a'), 'done'))).toBe('done')
  const ours = new Error('no')
  expect(await failure(withTransaction(database, async (tx) => (await increment(tx, 'a'), Promise.reject(ours))))).toBe(ours)
  expect(await valueOf(database, 'a')).toBe(1)
})

test('deadlocks are tried again until all have had their turn, and nothing is counted twice', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  let turn = 0
  await repeat(60, 6, async () => {
    const [first, second] = turn++ % 2 === 0 ? ['a', 'b'] : ['b', 'a']
    await withTransaction(
      database,
      async (tx) => {
        await increment(tx, first ?? '')
        await tx.execute('select sleep(0.005)', [])
        await increment(tx, second ?? '')
      },
      { attempts: 50 },
    )
  })
  expect([await valueOf(database, 'a'), await valueOf(database, 'b')]).toEqual([60, 60])
  expect(await metric(fixture.telemetry, 'database_transaction_retries_total', { reason: 'deadlock' })).toBeGreaterThan(0)
})

test('a lock that somebody keeps is waited for a bounded number of times, then the caller is told to come back', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ statementTimeoutMs: 2_000 })
  await seed(database)
  let attempts = 0
  await withTransaction(fixture.database, async (tx) => {
    await increment(tx, 'a')
    const error = await failure(
      withTransaction(
        database,
        (blocked) => {
          attempts++
          return increment(blocked, 'a')
        },
        { attempts: 2 },
      ),
    )
    expect(isFrontdeskError(error, 'unavailable') && isLockWaitTimeout(error)).toBe(true)
  })
  expect(attempts).toBe(2)
})

test('a work that swallows its deadlock commits nothing of what it did afterwards', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  const [, victim] = await makeDeadlock(
    database,
    async (tx, meet) => {
      await increment(tx, 'b')
      await meet()
      await increment(tx, 'a').catch(() => undefined)
      await tx.orm
        .insert(counters)
        .values({ name: 'stray' })
        .catch(() => undefined)
    },
    1,
  )
  expect(victim.status === 'rejected' && isDeadlock(victim.reason)).toBe(true)
  expect(await database.orm.$count(counters, eq(counters.name, 'stray'))).toBe(0)
})

test('a deadlock that the work has wrapped in an error of its own is still tried again', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  const [, victim] = await makeDeadlock(
    database,
    async (tx, meet) => {
      await increment(tx, 'b')
      await meet()
      await increment(tx, 'a').catch((cause: unknown) => {
        throw new FrontdeskError('version_conflict', { publicMessage: 'Somebody else was faster.', cause })
      })
    },
    3,
  )
  expect(victim.status).toBe('fulfilled')
})

test('a hook runs after its commit, not after a rollback, and a failing one spoils nothing', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  const seen: unknown[] = []
  await withTransaction(database, async (tx) => {
    tx.afterCommit(() => {
      throw new Error('hook failed')
    })
    tx.afterCommit(() => void seen.push(valueOf(database, 'a')))
    await increment(tx, 'a')
  })
  await failure(
    withTransaction(database, async (tx) => {
      tx.afterCommit(() => void seen.push('never'))
      throw new Error('no')
    }),
  )
  expect(await Promise.all(seen)).toEqual([1])
  expect(fixture.telemetry.lines).toContainEqual(expect.objectContaining({ msg: 'a hook failed after its commit' }))
})

test('the hooks of an attempt that was rolled back are not called', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  await seed(database)
  const hooks: number[] = []
  let attempt = 0
  await makeDeadlock(
    database,
    async (tx, meet) => {
      const mine = ++attempt
      tx.afterCommit(() => void hooks.push(mine))
      await increment(tx, 'b')
      await meet()
      await increment(tx, 'a')
    },
    3,
  )
  expect(hooks).toEqual([attempt])
  expect(attempt).toBe(2)
})

test('a statement that was not awaited fails after the end, and does not run in the next transaction', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  let late: Transaction | undefined
  await withTransaction(database, async (tx) => void (late = tx))
  await expect(late?.execute('insert into counters (name) values (?)', ['late'])).rejects.toThrow('the transaction is over')
  expect(await database.orm.$count(counters)).toBe(0)
})

test('a connection lost at the commit is unavailable, and not tried again: it may have committed', async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url })
  let ran = 0
  const error = await failure(
    withTransaction(database, async (tx) => {
      ran++
      await tx.orm.insert(counters).values({ name: 'unsure' })
      proxy.cutAt = 'commit'
    }),
  )
  expect(isFrontdeskError(error, 'unavailable')).toBe(true)
  expect(ran).toBe(1)
})

test('a statement’s own error keeps its number, and its values stay out of the message', async () => {
  await using fixture = await startFixture()
  const { database } = fixture
  const insert = () => database.orm.insert(counters).values({ name: 'secret-name', value: 4_711 })
  await insert()
  const error = await failure(insert())
  expect(isDuplicateKey(error)).toBe(true)
  expect((error as Error).message).not.toContain('4711')
  expect(isDuplicateKey(new Error('outer', { cause: error }))).toBe(true)
  expect(isDuplicateKey(new Error('other'))).toBe(false)
})

test.each([
  ['too long', { name: 'x'.repeat(65) }, 1406],
  ['out of range', { name: 'a', value: 2 ** 40 }, 1264],
  ['no instant', { name: 'a', seenAt: '12000-01-01 00:00:00' }, 1292],
  ['of another kind', { name: 'a', value: 'many' }, 1366],
])('a value that is %s is invalid_argument, which no retry mends, and the server’s error is its cause', async (_, row, errno) => {
  await using fixture = await startFixture()
  await withConnection(fixture.database, (connection) => connection.execute('alter table counters add column seen_at datetime(3) null', []))
  const { name, value = 0, seenAt = null }: { name: string; value?: number | string; seenAt?: string | null } = row
  const insert = 'insert into counters (name, value, seen_at) values (?, ?, ?)'
  const error = await failure(withTransaction(fixture.database, (tx) => tx.execute(insert, [name, value, seenAt])))
  expect(error).toMatchObject({ code: 'invalid_argument', retryable: false, cause: { errno } })
  expect(isDuplicateKey(error)).toBe(false)
  expect(await fixture.database.orm.$count(counters)).toBe(0)
})

test.each([
  'begin',
  'commit',
  'rollback',
  'set autocommit = 0',
  'lock tables counters read',
  'create table x (a int)',
  'call x()',
  'prepare x from "select 1"',
  'truncate counters',
])('%s is refused where it would break a transaction', async (text) => {
  await using fixture = await startFixture()
  const { database } = fixture
  await expect(database.orm.execute(text)).rejects.toThrow('query guard')
  await expect(withTransaction(database, (tx) => tx.execute(text, []))).rejects.toThrow('query guard')
})

test('Drizzle’s own transactions and streams are refused', async () => {
  await using fixture = await startFixture()
  const { orm } = fixture.database
  await expect(orm.transaction(async () => 1)).rejects.toThrow('withTransaction')
  await expect(withTransaction(fixture.database, (tx) => tx.orm.transaction(async () => 1))).rejects.toThrow('withTransaction')
  expect(() => orm.select().from(counters).prepare().iterator()).toThrow('limit()')
})
