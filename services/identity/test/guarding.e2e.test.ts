import { isFrontdeskError } from '@frontdesk/errors'
import { afterEach, expect, test } from 'vitest'
import { type Harness, outcomes, password, startHarness } from './harness.ts'

let harness: Harness | undefined
afterEach(async () => {
  await harness?.[Symbol.asyncDispose]()
  harness = undefined
})

const totp = (value: string) => ({ $case: 'totpCode', value }) as const

async function start(settings: Record<string, string> = {}, replicas = 1): Promise<Harness> {
  harness = await startHarness(settings, { replicas })
  return harness
}

test('of 60 attempts at once over two replicas, 10 are made, at an account as at an address that has none', async () => {
  const { member, logIn, replicas, codeOf, clock, nextCode } = await start({ LOGIN_ATTEMPTS_PER_ACCOUNT: '10' }, 2)
  const { email, secret } = await member()
  for (const name of [email, 'nobody@salon.example']) {
    const attempts = Array.from({ length: 60 }, (_, index) =>
      logIn(name, totp('000000'), 'a wrong password', replicas[index % 2]?.clients.accounts),
    )
    expect(await outcomes(attempts)).toEqual({ token_invalid: 10, rate_limited: 50 })
  }
  const metrics = await Promise.all(replicas.map(async ({ identity }) => (await fetch(`${identity.adminUrl}/metrics`)).text()))
  const throttled = metrics.map((text) => Number(/_identity_events_total{.*"account_throttled".*} (\d+)/.exec(text)?.[1] ?? 0))
  expect(throttled.reduce((sum, count) => sum + count, 0)).toBe(100)
  // The right ones are refused as well, and say when to come back.
  const refused: unknown = await logIn(email, totp(codeOf(secret))).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) })
  clock.offsetMs += 15 * 60_000
  nextCode()
  expect(await outcomes([logIn(email, totp(codeOf(secret)))])).toEqual({ ok: 1 })
})

test('a login that succeeds forgets the attempts before it', async () => {
  const { member, logIn, codeOf, nextCode } = await start({ LOGIN_ATTEMPTS_PER_ACCOUNT: '4' })
  const { email, secret } = await member()
  for (let round = 0; round < 3; round++) {
    const wrong = [1, 2, 3].map(() => logIn(email, undefined, 'a wrong password'))
    expect(await outcomes(wrong)).toEqual({ token_invalid: 3 })
    expect(await outcomes([logIn(email, totp(codeOf(secret)))])).toEqual({ ok: 1 })
    nextCode()
  }
})

test('one address that tries many accounts is stopped too', async () => {
  const { logIn } = await start({ LOGIN_ATTEMPTS_PER_ADDRESS: '20' })
  const attempts = Array.from({ length: 30 }, (_, index) => logIn(`nobody${index}@salon.example`))
  expect(await outcomes(attempts)).toEqual({ token_invalid: 20, rate_limited: 10 })
})

test('an address that is stopped counts at no further account, and so keeps nobody out', async () => {
  const { logIn, sql } = await start({ LOGIN_ATTEMPTS_PER_ADDRESS: '20' })
  await outcomes(Array.from({ length: 50 }, (_, index) => logIn(`nobody${index}@salon.example`)))
  const [row] = await sql('select count(*) as counted from attempts')
  // 20 accounts, and the address.
  expect(row).toEqual({ counted: 21 })
})

test('what is longer than any request is refused unread: a text that grows when it is normalized stops nobody else', async () => {
  const { logIn } = await start()
  expect(await outcomes([logIn('\uFDFA'.repeat(100_000))])).toEqual({ payload_too_large: 1 })
})

test('an unknown address, a wrong password, a wrong code and a disabled user get the same answer in comparable time', async () => {
  const { member, logIn, users } = await start()
  const [known, disabled] = [await member(), await member()]
  await users.disableUser({ userId: disabled.userId })
  const kinds = {
    unknown: () => logIn('nobody@salon.example', totp('000000')),
    password: () => logIn(known.email, totp('000000'), 'a wrong password'),
    code: () => logIn(known.email, totp('00000x')),
    disabled: () => logIn(disabled.email, totp('000000'), password),
  }
  const answers = new Set<string>()
  const times: Record<string, number[]> = { unknown: [], password: [], code: [], disabled: [] }
  for (let round = 0; round < 25; round++) {
    for (const [kind, attempt] of Object.entries(kinds)) {
      const startedAt = performance.now()
      const error: unknown = await attempt().catch((thrown: unknown) => thrown)
      times[kind]?.push(performance.now() - startedAt)
      answers.add(isFrontdeskError(error) ? `${error.code} ${error.publicMessage}` : 'accepted')
    }
  }
  expect([...answers]).toEqual(['token_invalid Email, password or code is wrong.'])
  const medians = Object.fromEntries(Object.entries(times).map(([kind, values]) => [kind, median(values)]))
  console.log(
    `medians in ms: ${Object.entries(medians)
      .map(([kind, ms]) => `${kind} ${ms.toFixed(1)}`)
      .join(', ')}`,
  )
  for (const ms of Object.values(medians)) expect(ms / (medians['unknown'] ?? 0)).toBeGreaterThan(0.75)
  for (const ms of Object.values(medians)) expect(ms / (medians['unknown'] ?? 0)).toBeLessThan(1.33)
}, 60_000)

test('a flood of logins is refused rather than queued for ever', async () => {
  const { logIn } = await start()
  const counts = await outcomes(Array.from({ length: 150 }, () => logIn('nobody@salon.example')))
  expect(Object.keys(counts).toSorted()).toEqual(['token_invalid', 'unavailable'])
}, 60_000)

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
