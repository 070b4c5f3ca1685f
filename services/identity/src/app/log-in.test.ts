import { expect, test } from 'vitest'
import { logIn, type LoginCommand } from './log-in.ts'
import type { LoginRecord } from './ports.ts'

const at = new Date('2026-11-22T10:00:00Z')
const user = { id: 'usr_1', email: 'ada@salon.example', name: 'Ada', companyIds: [], operator: true, secondFactor: true, createdAt: at }
const account: LoginRecord = { user: { ...user, disabledAt: undefined }, passwordHash: 'hash of right', totpSecret: 'secret' }

/** What a login asks for, in order, until it is answered, and the answer. */
async function asked(record: LoginRecord | undefined, given: Partial<LoginCommand>): Promise<{ calls: string[]; answer: string }> {
  const calls: string[] = []
  const noted = <Value>(name: string, value: Value): Value => {
    calls.push(name)
    return value
  }
  const login = logIn({
    users: { findLogin: async () => noted('account', record), rehash: async () => noted('rehash', undefined) },
    sessions: { begin: async () => noted('session', true) },
    passwords: {
      hash: async () => noted('hash', ''),
      verify: async (password, hash) => noted('password', hash === `hash of ${password}`),
      isOutdated: () => false,
    },
    totp: { stepOf: (code, secret) => noted('code', secret !== undefined && code === 'right' ? 7 : undefined) },
    factors: { hasRecoveryCode: async (userId, code) => noted('recovery code', userId !== undefined && code === 'right') },
    randomness: { sessionToken: () => 'token' },
    attempts: { count: async () => noted('attempt', undefined), forget: async () => noted('forget', undefined) },
    audit: { record: () => undefined },
    now: () => at,
    newId: () => 'ses_1',
  })
  const command = { email: user.email, password: 'right', secondFactor: undefined, client: 'cli', address: '::1', previousToken: undefined }
  const answer = await login({ ...command, ...given } as LoginCommand).then(
    () => 'ok',
    (error: unknown) => String(error instanceof Error && 'publicMessage' in error && error.publicMessage),
  )
  return { calls, answer }
}

const withCode = ['attempt', 'account', 'password', 'code']

test.for([
  ['an authenticator’s code', (code: string) => ({ totpCode: code }), withCode],
  ['a recovery code', (code: string) => ({ recoveryCode: code }), [...withCode, 'recovery code']],
] as const)('with %s all the same is asked for, whatever is wrong, before one answer', async ([, factor, calls]) => {
  const disabled = { ...account, user: { ...account.user, disabledAt: at } }
  const refused = { calls, answer: 'Email, password or code is wrong.' }
  expect(await asked(undefined, { secondFactor: factor('right') })).toEqual(refused)
  expect(await asked({ ...account, passwordHash: undefined }, { secondFactor: factor('right') })).toEqual(refused)
  expect(await asked(account, { password: 'wrong', secondFactor: factor('right') })).toEqual(refused)
  expect(await asked(account, { secondFactor: factor('wrong') })).toEqual(refused)
  expect(await asked(disabled, { secondFactor: factor('right') })).toEqual(refused)
  expect(await asked(account, { secondFactor: factor('right') })).toEqual({ calls: [...calls, 'session', 'forget'], answer: 'ok' })
})

test('a password longer than any is not hashed as it is', async () => {
  expect((await asked(account, { password: 'right'.repeat(1_000), secondFactor: { totpCode: 'right' } })).calls).toEqual(withCode)
})
