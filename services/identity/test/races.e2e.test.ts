import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '@frontdesk/testing'
import { type Harness, outcomes, password, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const waitingHere = `select 1 from information_schema.innodb_trx join information_schema.processlist on id = trx_mysql_thread_id
  where trx_state = 'LOCK WAIT' and db = database()`

/** Holds a lock that the call has to wait for, changes something meanwhile, and lets go once the call waits. */
async function meanwhile(lock: string, userId: string, call: () => Promise<unknown>, change: (statement: Statement) => Promise<unknown>) {
  const connection = await createConnection(harness.config.MYSQL_URL.reveal())
  try {
    await connection.beginTransaction()
    await connection.query(lock, [userId])
    const called = outcomes([call()])
    // The server shows its transactions anew only to who has not asked for 100 ms.
    await eventually(async () => expect(await harness.sql(waitingHere)).toHaveLength(1), { intervalMs: 150 })
    await change((sql, params) => connection.query(sql, params))
    await connection.commit()
    return await called
  } finally {
    await connection.end()
  }
}

const lockOfAccount = 'select 1 from users where user_id = ? for update'

type Statement = (sql: string, params: string[]) => Promise<unknown>

const live = async (userId: string) => {
  const [row] = await harness.sql('select count(*) as live from sessions where user_id = ? and revoked_at is null', [userId])
  return Number(row?.['live'])
}

test('a password that changes while a login with the old one is under way ends that login', async () => {
  const { email, userId } = await harness.newcomer()
  const call = () => harness.logIn(email)
  const change = (statement: Statement) => statement('update users set password_hash = ? where user_id = ?', ['another', userId])
  expect(await meanwhile(lockOfAccount, userId, call, change)).toEqual({ token_invalid: 1 })
  expect(await live(userId)).toBe(0)
})

test('a user who is disabled while a login is under way is not logged in', async () => {
  const { email, userId } = await harness.newcomer()
  const change = (statement: Statement) => statement('update users set disabled_at = now() where user_id = ?', [userId])
  expect(await meanwhile(lockOfAccount, userId, () => harness.logIn(email), change)).toEqual({ token_invalid: 1 })
  expect(await live(userId)).toBe(0)
})

test('a session that is revoked while it confirms a second factor gets no successor, and the factor does not come into force', async () => {
  const { email, userId } = await harness.newcomer()
  const { sessionToken } = await harness.logIn(email)
  const { otpauthUri } = await harness.accounts.enrolSecondFactor({ sessionToken, password })
  const totpCode = harness.codeOf(new URL(otpauthUri).searchParams.get('secret') ?? '')
  const lock = 'select 1 from second_factors where user_id = ? for update'
  const call = () => harness.accounts.confirmSecondFactor({ sessionToken, totpCode })
  expect(await meanwhile(lock, userId, call, () => harness.users.revokeSessions({ userId }))).toEqual({ failed_precondition: 1 })
  expect(await live(userId)).toBe(0)
  expect((await harness.users.getUser({ userId })).user?.secondFactor).toBe(false)
})

test('the same code that confirms a second factor 20 times at once puts it into force once', async () => {
  const { email, userId } = await harness.newcomer()
  const { sessionToken } = await harness.logIn(email)
  const { otpauthUri } = await harness.accounts.enrolSecondFactor({ sessionToken, password })
  const totpCode = harness.codeOf(new URL(otpauthUri).searchParams.get('secret') ?? '')
  const calls = Array.from({ length: 20 }, () => harness.accounts.confirmSecondFactor({ sessionToken, totpCode }))
  const { ok, ...refused } = await outcomes(calls)
  expect(ok).toBe(1)
  expect(Object.keys(refused).every((code) => ['failed_precondition', 'token_invalid'].includes(code))).toBe(true)
  expect(await live(userId)).toBe(1)
})
