import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { failure } from '../test/deadlock.ts'
import { startFixture } from '../test/fixture.ts'
import { commitStatements } from './commit-statements.ts'
import { withTransaction } from './transaction.ts'

const insert = 'insert into counters (name) values (?)'
const all = 'select name from counters order by name'

test('a statement that is still being prepared when its transaction fails is rolled back with it', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  const failed = await failure(
    withTransaction(database, (tx) => Promise.all([tx.execute(insert, ['stray']), Promise.reject(new Error('other work failed'))])),
  )
  expect(failed).toMatchObject({ message: 'other work failed' })
  // On the same connection.
  await database.execute('select 1', [])
  expect((await fixture.database.execute(all, [])).rows).toEqual([])
})

test('what runs beside a statement that can’t be prepared is not committed by whoever has the connection next', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  const nowhere = 'insert into nowhere (name) values (?)'
  await failure(withTransaction(database, (tx) => Promise.all([tx.execute(nowhere, ['x']), tx.execute(insert, ['stray'])])))
  await withTransaction(database, (tx) => tx.execute(insert, ['next']))
  expect((await fixture.database.execute(all, [])).rows).toEqual([{ name: 'next' }])
})

test('a statement that was sent and not awaited is committed with its transaction, and leaves none open', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  await withTransaction(database, async (tx) => {
    await tx.execute(insert, ['a'])
    void tx.execute('insert into counters (name, value) values (?, 3)', ['b'])
  })
  await wait(50)
  const open = await fixture.database.execute(
    'select count(*) as transactions from information_schema.innodb_trx where trx_rows_locked > 0',
    [],
  )
  expect(open.rows).toEqual([{ transactions: 0 }])
  expect((await fixture.database.execute(all, [])).rows).toEqual([{ name: 'a' }, { name: 'b' }])
})

test('nothing is committed at once, as often as it is asked for', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  expect(await commitStatements(database, [])).toEqual([])
  expect(await commitStatements(database, [])).toEqual([])
})

test('more texts than a connection keeps prepared run in their order', async () => {
  await using fixture = await startFixture()
  const statements = Array.from({ length: 250 }, (_, n) => ({ sql: `select ${n} as n`, params: [] }))
  const results = await withTransaction(fixture.database, (tx) => tx.executeAll(statements))
  expect(results.map(({ rows }) => rows[0]?.['n'])).toEqual(statements.map((_, n) => n))
})

test(
  'statements sent together that wait for locks longer than one may take are tried again like any other',
  { timeout: 30_000 },
  async () => {
    await using fixture = await startFixture()
    const { database } = fixture
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) await database.execute(insert, [name])
    const [locked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const holder = withTransaction(database, async (tx) => {
      await tx.execute('update counters set value = 1', [])
      locked.resolve()
      await release.promise
    })
    await locked.promise
    const updates = names.map((name) => ({ sql: 'update counters set value = 2 where name = ?', params: [name] }))
    const failed = await failure(withTransaction(database, (tx) => tx.executeAll(updates), { attempts: 1 }))
    release.resolve()
    await holder
    expect(failed).toMatchObject({ code: 'unavailable', message: expect.stringContaining('lock_wait in each of 1 attempts') as string })
  },
)

test('a connection keeps some 200 texts prepared, those used last, and ends the others', async () => {
  await using fixture = await startFixture()
  const database = fixture.open({ poolSize: 1 })
  const counted = async (name: string) => {
    const { rows } = await database.execute(`show session status like '${name}'`, [])
    return Number(rows[0]?.['Value'])
  }
  const often = 'select 0 as n'
  const rare = (n: number) => `select ${n} as n`
  for (let n = 1; n <= 300; n++) {
    // One connection, and in an order that counts.
    await database.execute(often, [])
    expect((await database.execute(rare(n), [])).rows).toEqual([{ n }])
  }
  const open = (await counted('Com_stmt_prepare')) - (await counted('Com_stmt_close'))
  expect(open).toBeGreaterThan(150)
  expect(open).toBeLessThanOrEqual(202)
  const before = await counted('Com_stmt_prepare')
  for (const sql of [often, rare(300), rare(250)]) await database.execute(sql, [])
  expect((await counted('Com_stmt_prepare')) - before).toBe(0)
  await database.execute(rare(1), [])
  expect((await counted('Com_stmt_prepare')) - before).toBe(1)
})
