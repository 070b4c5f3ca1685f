import { isFrontdeskError } from '@frontdesk/errors'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, freePort } from '@frontdesk/testing'
import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { counters, type Fixture, metric, repeat, startFixture } from '../test/fixture.ts'
import { startProxy } from '../test/proxy.ts'
import { type Database, openDatabase } from './database.ts'
import { withConnection } from './testing.ts'
import { withTransaction } from './transaction.ts'

const inUse = { state: 'in_use' }

async function insertCounter(database: Database, name: string): Promise<void> {
  await withTransaction(database, async (tx) => void (await tx.orm.insert(counters).values({ name })))
}

async function read(database: Database): Promise<void> {
  await database.orm.execute('select 1')
}

/** One connection of the database that was opened last is in use. */
async function eventuallyInUse({ telemetry }: Fixture): Promise<void> {
  await eventually(async () => {
    await telemetry.metrics.render()
    expect(await metric(telemetry, 'database_connections', inUse)).toBe(1)
  })
}

/** The pool's own account, and that all of it can be had at once. */
async function expectNoLeak({ telemetry }: Fixture, database: Database, poolSize: number): Promise<void> {
  await telemetry.metrics.render()
  expect(await metric(telemetry, 'database_connections', inUse)).toBe(0)
  expect(await metric(telemetry, 'database_waiting')).toBe(0)
  const all = Promise.withResolvers<void>()
  let holders = 0
  await Promise.all(
    Array.from({ length: poolSize }, () =>
      withTransaction(database, async (tx) => {
        await tx.execute('select 1', [])
        if (++holders === poolSize) all.resolve()
        await all.promise
      }),
    ),
  )
}

test('10,000 failing begins leak no connection', { timeout: 120_000 }, async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url, poolSize: 20, acquireTimeoutMs: 20_000 })
  proxy.cutAt = 'set autocommit = 0'
  let refused = 0
  await repeat(10_000, 30, async () => {
    const outcome = await withTransaction(database, (tx) => tx.execute('select 1', [])).catch((error: unknown) => error)
    if (isFrontdeskError(outcome, 'unavailable')) refused++
  })
  expect(refused).toBe(10_000)
  expect(proxy.cuts).toBe(10_000)
  proxy.cutAt = undefined
  await expectNoLeak(fixture, database, 20)
})

test('10,000 failing rollbacks leak no connection, and none hides the error that came first', { timeout: 120_000 }, async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url, poolSize: 20, acquireTimeoutMs: 20_000 })
  proxy.cutAt = 'rollback'
  const ours = new Error('the work failed')
  let first = 0
  await repeat(10_000, 30, async () => {
    const outcome = await withTransaction(database, async (tx) => {
      await tx.execute('select 1', [])
      throw ours
    }).catch((error: unknown) => error)
    if (outcome === ours) first++
  })
  expect(first).toBe(10_000)
  expect(proxy.cuts).toBe(10_000)
  proxy.cutAt = undefined
  await expectNoLeak(fixture, database, 20)
})

test('2,000 concurrent requests on a pool of 20 all end: what does not fit is unavailable within 2 s', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 20, queueLimit: 200 })
  const refusedAfterMs: number[] = []
  let done = 0
  await Promise.all(
    Array.from({ length: 2_000 }, async () => {
      const start = performance.now()
      try {
        await withTransaction(database, async (tx) => void (await tx.execute('select sleep(0.1)', [])))
        done++
      } catch (error) {
        expect(isFrontdeskError(error, 'unavailable') && error.retryAfterMs).toBe(1_000)
        refusedAfterMs.push(performance.now() - start)
      }
    }),
  )
  expect(done).toBe(220)
  expect(refusedAfterMs).toHaveLength(1_780)
  expect(Math.max(...refusedAfterMs)).toBeLessThan(2_000)
  expect(await metric(fixture.telemetry, 'database_refused_total', { reason: 'queue_full' })).toBe(1_780)
  await expectNoLeak(fixture, database, 20)
})

test('who waits too long for a connection is refused, and the others are served in the order in which they came', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1, acquireTimeoutMs: 100 })
  const hold = Promise.withResolvers<void>()
  const holder = withTransaction(database, () => hold.promise)
  await eventuallyInUse(fixture)
  const late = read(database).catch((error: unknown) => error)
  expect(isFrontdeskError(await late, 'unavailable')).toBe(true)
  expect(await metric(fixture.telemetry, 'database_refused_total', { reason: 'timeout' })).toBe(1)
  const order: number[] = []
  const waiting = [1, 2, 3].map((n) => read(database).then(() => order.push(n)))
  hold.resolve()
  await Promise.all([holder, ...waiting])
  expect(order).toEqual([1, 2, 3])
})

test('a database whose pool is exhausted still answers a ping', async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url, poolSize: 1, acquireTimeoutMs: 300 })
  await withTransaction(database, async () => {
    await database.ping()
    proxy.silent = true
    expect(isFrontdeskError(await database.ping().catch((error: unknown) => error), 'unavailable')).toBe(true)
    proxy.silent = false
  })
})

test('a server that is away is unavailable at once, for every waiting caller', async () => {
  await using telemetry = createTestTelemetry()
  await using database = openDatabase({
    url: `mysql://root@127.0.0.1:${await freePort()}/shop`,
    poolSize: 2,
    companyTables: new Set(),
    telemetry,
  })
  const start = performance.now()
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => read(database).catch((error: unknown) => error)))
  expect(outcomes.every((outcome) => isFrontdeskError(outcome, 'unavailable'))).toBe(true)
  expect(performance.now() - start).toBeLessThan(1_000)
})

test('a server that accepts but never answers is unavailable within the acquire time-out', async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  proxy.silent = true
  const database = fixture.open({ url: proxy.url, acquireTimeoutMs: 200 })
  expect(isFrontdeskError(await database.ping().catch((error: unknown) => error), 'unavailable')).toBe(true)
  proxy.silent = false
  await eventually(() => database.ping())
})

test('a statement that is never answered ends, and its connection is replaced', async () => {
  await using fixture = await startFixture()
  await using proxy = await startProxy(fixture.url)
  const database = fixture.open({ url: proxy.url, poolSize: 1, statementTimeoutMs: 100 })
  await database.ping()
  proxy.silent = true
  const lost = await withTransaction(database, async (tx) => tx.execute('select 1', [])).catch((error: unknown) => error)
  expect(isFrontdeskError(lost, 'unavailable')).toBe(true)
  proxy.silent = false
  await insertCounter(database, 'after')
  await expectNoLeak(fixture, database, 1)
})

test('the server ends a statement at its time limit, and the transaction can be rolled back', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1, statementTimeoutMs: 100 })
  const slow = await withTransaction(database, async (tx) => {
    await tx.orm.insert(counters).values({ name: 'rolled back' })
    // MySQL's sleep() ends at the limit, too, but without an error.
    await tx.execute(
      'select count(*) from information_schema.collations a, information_schema.collations b, information_schema.collations c',
      [],
    )
  }).catch((error: unknown) => error)
  expect(slow).toMatchObject({ code: 'deadline_exceeded' })
  expect(await database.orm.$count(counters)).toBe(0)
})

test('a connection that the server has killed while it was idle is not handed out', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  const { rows } = await withConnection(database, (connection) => connection.execute('select connection_id() as id', []))
  await withConnection(fixture.database, (connection) => connection.execute(`kill ${Number(rows[0]?.['id'])}`, []))
  await eventually(async () => {
    await fixture.telemetry.metrics.render()
    expect(await metric(fixture.telemetry, 'database_connections', { state: 'idle' })).toBe(0)
  })
  await database.ping()
})

test('nothing of a session reaches its next borrower: variables, locks, open transactions', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  await withConnection(database, async (connection) => {
    // Each server reads its own executable comment alone.
    const isolation = "/*M! , tx_isolation = 'SERIALIZABLE' */ /*!80000 , transaction_isolation = 'SERIALIZABLE' */"
    await connection.execute(`set sql_mode = '', @company = 'cmp_1' ${isolation}`, [])
    await connection.execute("select get_lock('shop', 0)", [])
    await connection.execute('set autocommit = 0', [])
    await connection.orm.insert(counters).values({ name: 'uncommitted' })
  })
  const [session, isolation] = await withTransaction(database, (tx) =>
    tx.executeAll([
      {
        sql: `select @company as company, is_free_lock('shop') as free, @@sql_mode like '%STRICT_TRANS_TABLES%' as strict,
          @@time_zone as zone, (select count(*) from counters) as uncommitted`,
        params: [],
      },
      // The first is MariaDB's name for it, the second MySQL's.
      { sql: "show session variables where variable_name in ('tx_isolation', 'transaction_isolation')", params: [] },
    ]),
  )
  expect(session?.rows).toEqual([{ company: null, free: 1, strict: 1, zone: '+00:00', uncommitted: 0 }])
  expect(isolation?.rows).toMatchObject([{ Value: 'READ-COMMITTED' }])
})

test('reads and writes of rows keep their prepared statements from one borrower to the next', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  const prepared = async () => {
    const { rows } = await withConnection(fixture.database, (connection) =>
      connection.execute("show global status like 'Com_stmt_prepare'", []),
    )
    return Number(rows[0]?.['Value'])
  }
  const write = async () => {
    await database.orm.update(counters).set({ value: 1 }).where(eq(counters.name, 'a'))
  }
  await write()
  const before = await prepared()
  for (let n = 0; n < 20; n++) await write()
  // Besides ours, the question itself is prepared anew each time.
  expect((await prepared()) - before).toBeLessThan(20)
})

test('a closed database refuses, after it has let those finish who had begun', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  const hold = Promise.withResolvers<void>()
  const begun = withTransaction(database, async (tx) => {
    await hold.promise
    await tx.orm.insert(counters).values({ name: 'finished' })
  })
  await eventuallyInUse(fixture)
  const waiting = read(database).catch((error: unknown) => error)
  const closed = database[Symbol.asyncDispose]()
  expect(isFrontdeskError(await waiting, 'unavailable')).toBe(true)
  hold.resolve()
  await Promise.all([begun, closed])
  expect(isFrontdeskError(await read(database).catch((error: unknown) => error), 'unavailable')).toBe(true)
  expect(await fixture.database.orm.$count(counters)).toBe(1)
})

test('closing cuts off who keeps a connection for longer than a statement may take', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1, statementTimeoutMs: 100 })
  const cut = withTransaction(database, async () => new Promise<never>(() => undefined))
  void cut
  await eventuallyInUse(fixture)
  await database[Symbol.asyncDispose]()
})

test('a URL without a database is refused', async () => {
  await using telemetry = createTestTelemetry()
  expect(() => openDatabase({ url: 'mysql://root@127.0.0.1:3306', companyTables: new Set(), telemetry })).toThrow(TypeError)
})
