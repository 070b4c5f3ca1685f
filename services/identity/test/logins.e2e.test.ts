import { ClientKind, newId, UserServiceDefinition, vouchForCompanyId } from '@frontdesk/contracts'
import { createRpcClient, createTokenIssuer, createTokenVerifier } from '@frontdesk/rpc'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, outcomes, password, startHarness } from './harness.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness({}, { replicas: 2 })
})
afterAll(() => harness[Symbol.asyncDispose]())

const totp = (value: string) => ({ $case: 'totpCode', value }) as const
const recovery = (value: string) => ({ $case: 'recoveryCode', value }) as const
const [acme, zenith] = [newId('cmp'), newId('cmp')]

test('the same code 50 times in parallel, over two replicas, gives exactly one login', async () => {
  const { email, secret, userId } = await harness.member()
  const code = totp(harness.codeOf(secret))
  const calls = Array.from({ length: 50 }, (_, index) =>
    harness.logIn(email, code, password, harness.replicas[index % 2]?.clients.accounts ?? harness.accounts),
  )
  expect(await outcomes(calls)).toEqual({ ok: 1, token_invalid: 49 })
  const [row] = await harness.sql('select count(*) as live from sessions where user_id = ? and second_factor and revoked_at is null', [
    userId,
  ])
  // The one of the enrolment, and this.
  expect(row).toEqual({ live: 2 })
})

test('a code counts for its 30 seconds, and never after a later one', async () => {
  const { email, secret } = await harness.member()
  const early = harness.codeOf(secret)
  harness.nextCode()
  expect(await outcomes([harness.logIn(email, totp(early))])).toEqual({ token_invalid: 1 })
  expect(await outcomes([harness.logIn(email, totp(harness.codeOf(secret)))])).toEqual({ ok: 1 })
  expect(await outcomes([harness.logIn(email, totp(harness.codeOf(secret)))])).toEqual({ token_invalid: 1 })
})

test('each recovery code is good for exactly one of 20 logins at once, however it is typed; they are kept as digests', async () => {
  const { email, recoveryCodes, userId } = await harness.member()
  const [first = '', second = ''] = recoveryCodes
  expect(recoveryCodes).toHaveLength(10)
  expect(await outcomes(Array.from({ length: 20 }, () => harness.logIn(email, recovery(first))))).toEqual({ ok: 1, token_invalid: 19 })
  expect(await outcomes([harness.logIn(email, recovery(second.toLowerCase().replaceAll('-', ' ')))])).toEqual({ ok: 1 })
  expect(await outcomes([harness.logIn(email, recovery('AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA'))])).toEqual({ token_invalid: 1 })
  const rows = await harness.sql('select code_digest, used_at from recovery_codes where user_id = ?', [userId])
  expect(rows.filter((row) => row['used_at'] !== null)).toHaveLength(2)
  expect(JSON.stringify(rows)).not.toContain(first)
})

test('a recovery code of one user is none of another’s', async () => {
  const [one, other] = [await harness.member(), await harness.member()]
  expect(await outcomes([harness.logIn(other.email, recovery(one.recoveryCodes[0] ?? ''))])).toEqual({ token_invalid: 1 })
})

test('with a second factor in force, the password alone is refused, and so is a code that nobody has', async () => {
  const { email } = await harness.member()
  expect(await outcomes([harness.logIn(email), harness.logIn(email, totp('')), harness.logIn(email, totp('12345x'))])).toEqual({
    token_invalid: 3,
  })
})

test('a session without a second factor gets no token; after the enrolment its successor does', async () => {
  const { email } = await harness.newcomer({ companyIds: [acme] })
  const { sessionToken, secondFactor } = await harness.logIn(email)
  expect(secondFactor).toBe(false)
  expect(await outcomes([harness.accounts.issueUserToken({ sessionToken, audience: ['booking'] })])).toEqual({ failed_precondition: 1 })
  const { otpauthUri, qrSvg } = await harness.accounts.enrolSecondFactor({ sessionToken, password })
  expect(otpauthUri).toMatch(/^otpauth:\/\/totp\/Frontdesk:user\d+%40salon.example\?secret=[A-Z2-7]{32}&issuer=Frontdesk/)
  expect(qrSvg).toMatch(/^<svg /)
  const secret = new URL(otpauthUri).searchParams.get('secret') ?? ''
  const wrong = String((Number(harness.codeOf(secret)) + 1) % 1_000_000).padStart(6, '0')
  expect(await outcomes([harness.accounts.confirmSecondFactor({ sessionToken, totpCode: wrong })])).toEqual({ token_invalid: 1 })
  const { session } = await harness.accounts.confirmSecondFactor({ sessionToken, totpCode: harness.codeOf(secret) })
  expect(session?.sessionToken).not.toBe(sessionToken)
  // The code that confirmed it is used, and the session before has ended.
  expect(await outcomes([harness.logIn(email, totp(harness.codeOf(secret)))])).toEqual({ token_invalid: 1 })
  expect(await outcomes([harness.accounts.enrolSecondFactor({ sessionToken, password })])).toEqual({ token_invalid: 1 })
  const { token } = await harness.accounts.issueUserToken({ sessionToken: session?.sessionToken ?? '', audience: ['booking'] })
  expect(await verifier('booking').verify(token)).toEqual({
    caller: 'cli',
    companies: new Set([acme]),
    actor: session?.user?.userId,
  })
})

test('the longest address there is has a QR code, too', async () => {
  const email = `${'あ'.repeat(60)}@${'b'.repeat(65)}.example`
  const { invitation } = await harness.users.createUser({ email, name: 'Long', operator: true })
  await harness.accounts.acceptInvitation({ invitationToken: invitation?.invitationToken ?? '', password })
  const { sessionToken } = await harness.logIn(email)
  expect((await harness.accounts.enrolSecondFactor({ sessionToken, password })).qrSvg).toMatch(/^<svg /)
})

test('another second factor needs the password and a fresh code of the one in force', async () => {
  const { sessionToken, secret } = await harness.member()
  const totpCode = harness.codeOf(secret)
  const enrol = (given: { password: string; totpCode: string }) =>
    outcomes([harness.accounts.enrolSecondFactor({ sessionToken, ...given })])
  expect(await enrol({ password: 'wrong password', totpCode })).toEqual({ token_invalid: 1 })
  expect(await enrol({ password, totpCode: '' })).toEqual({ token_invalid: 1 })
  expect(await enrol({ password, totpCode })).toEqual({ ok: 1 })
  expect(await enrol({ password, totpCode })).toEqual({ token_invalid: 1 })
})

test('who has lost the authenticator gets another by a recovery code, which is used; the codes of the first then are none', async () => {
  const { email, recoveryCodes, userId } = await harness.member()
  const [first = '', second = '', third = ''] = recoveryCodes
  const { sessionToken } = await harness.logIn(email, recovery(first))
  const enrol = (recoveryCode: string) => harness.accounts.enrolSecondFactor({ sessionToken, password, recoveryCode })
  expect(await outcomes([enrol(first), enrol('AAAA')])).toEqual({ token_invalid: 2 })
  const { otpauthUri } = await enrol(second)
  expect(await outcomes([enrol(second)])).toEqual({ token_invalid: 1 })
  const secret = new URL(otpauthUri).searchParams.get('secret') ?? ''
  await harness.accounts.confirmSecondFactor({ sessionToken, totpCode: harness.codeOf(secret) })
  harness.nextCode()
  expect(await outcomes([harness.logIn(email, recovery(third)), harness.logIn(email, totp(harness.codeOf(secret)))])).toEqual({
    token_invalid: 1,
    ok: 1,
  })
  expect(await harness.sql('select 1 from recovery_codes where user_id = ?', [userId])).toHaveLength(10)
})

test('a proposed second factor that nobody confirms within half an hour is none any more', async () => {
  const { sessionToken, secret: inForce } = await harness.member()
  const { otpauthUri } = await harness.accounts.enrolSecondFactor({ sessionToken, password, totpCode: harness.codeOf(inForce) })
  const secret = new URL(otpauthUri).searchParams.get('secret') ?? ''
  harness.clock.offsetMs += 30 * 60_000
  const confirm = () => outcomes([harness.accounts.confirmSecondFactor({ sessionToken, totpCode: harness.codeOf(secret) })])
  expect(await confirm()).toEqual({ failed_precondition: 1 })
})

test('a token names the user’s companies alone', async () => {
  const { sessionToken } = await harness.member({ companyIds: [acme] })
  const issue = (companyIds: string[]) => outcomes([harness.accounts.issueUserToken({ sessionToken, audience: ['booking'], companyIds })])
  expect(await issue([acme])).toEqual({ ok: 1 })
  expect(await issue([acme, zenith])).toEqual({ permission_denied: 1 })
  expect(await issue(['cmp_1'])).toEqual({ invalid_argument: 1 })
  const operator = await harness.member({ operator: true })
  const many = Array.from({ length: 101 }, () => newId('cmp'))
  for (const companyIds of [['cmp_1'], many]) {
    const asked = harness.accounts.issueUserToken({ sessionToken: operator.sessionToken, audience: ['booking'], companyIds })
    expect(await outcomes([asked])).toEqual({ invalid_argument: 1 })
  }
  const { token } = await harness.accounts.issueUserToken({ sessionToken: operator.sessionToken, audience: ['booking', 'identity'] })
  expect(await verifier('identity').verify(token)).toMatchObject({ caller: 'cli', companies: 'all', actor: operator.userId })
})

test('a login rotates the session: a new token, and the one before is refused', async () => {
  const { email, secret, sessionToken } = await harness.member()
  const { session } = await harness.accounts.logIn({
    email,
    password,
    secondFactor: totp(harness.codeOf(secret)),
    client: ClientKind.CONSOLE,
    previousSessionToken: sessionToken,
  })
  const use = (token: string) => outcomes([harness.accounts.issueUserToken({ sessionToken: token, audience: ['booking'] })])
  expect(session?.sessionToken).not.toBe(sessionToken)
  expect(await use(sessionToken)).toEqual({ token_invalid: 1 })
  expect(await use(session?.sessionToken ?? '')).toEqual({ ok: 1 })
})

test('a revoked session is refused by every replica: by logout, by the platform, by a new password, by disabling', async () => {
  const use = (token: string) =>
    outcomes(harness.replicas.map(({ clients }) => clients.accounts.issueUserToken({ sessionToken: token, audience: ['booking'] })))
  const { userId, sessionToken: one, email, secret } = await harness.member()
  expect(await use(one)).toEqual({ ok: 2 })
  await harness.accounts.logOut({ sessionToken: one })
  expect(await use(one)).toEqual({ token_invalid: 2 })
  await harness.accounts.logOut({ sessionToken: one })

  const again = async () => {
    harness.nextCode()
    return (await harness.logIn(email, totp(harness.codeOf(secret)), again.password)).sessionToken
  }
  again.password = password
  const two = await again()
  expect(await harness.users.revokeSessions({ userId })).toEqual({ revoked: 1 })
  expect(await use(two)).toEqual({ token_invalid: 2 })

  const three = await again()
  const { invitation } = await harness.users.inviteUser({ userId })
  const accept = () =>
    harness.accounts.acceptInvitation({ invitationToken: invitation?.invitationToken ?? '', password: 'another good password' })
  expect(await outcomes([accept(), accept(), accept()])).toEqual({ ok: 1, token_invalid: 2 })
  expect(await use(three)).toEqual({ token_invalid: 2 })
  again.password = 'another good password'

  const four = await again()
  await harness.users.disableUser({ userId })
  expect(await use(four)).toEqual({ token_invalid: 2 })
  expect(await outcomes([again()])).toEqual({ token_invalid: 1 })
  expect(await outcomes([harness.users.inviteUser({ userId })])).toEqual({ failed_precondition: 1 })
})

test('a session ends after two hours unused, and after twelve in any case; nothing of it is stored but its digest', async () => {
  const { sessionToken } = await harness.member()
  const use = () => outcomes([harness.accounts.issueUserToken({ sessionToken, audience: ['booking'] })])
  const before = harness.clock.offsetMs
  for (let hour = 1; hour < 12; hour++) {
    harness.clock.offsetMs += 3_600_000
    expect(await use()).toEqual({ ok: 1 })
  }
  harness.clock.offsetMs += 3_600_000
  expect(await use()).toEqual({ token_invalid: 1 })
  harness.clock.offsetMs = before
  const idle = await harness.member()
  harness.clock.offsetMs += 2 * 3_600_000 + 60_000
  expect(await outcomes([harness.accounts.issueUserToken({ sessionToken: idle.sessionToken, audience: ['booking'] })])).toEqual({
    token_invalid: 1,
  })
  expect(JSON.stringify(await harness.sql('select * from sessions'))).not.toContain(sessionToken)
})

test('an invitation ends after three days, and a weak password leaves it as it is', async () => {
  const { invitation } = await harness.users.createUser({ email: 'Late@Salon.example ', name: 'Late', operator: true })
  const accept = (given: string) =>
    outcomes([harness.accounts.acceptInvitation({ invitationToken: invitation?.invitationToken ?? '', password: given })])
  expect(await accept('short')).toEqual({ invalid_argument: 1 })
  expect(await accept('late@salon.example')).toEqual({ invalid_argument: 1 })
  harness.clock.offsetMs += 73 * 3_600_000
  expect(await accept(password)).toEqual({ token_invalid: 1 })
})

test('accounts are the platform’s to make: not without a token, not with one of a company', async () => {
  const create = (email: string) =>
    harness.users.createUser({ email, name: 'A', companyIds: [acme], operator: false }, { companies: [vouchForCompanyId(acme)] })
  expect(await outcomes([create('x@salon.example')])).toEqual({ permission_denied: 1 })
  const { email } = await harness.newcomer()
  expect(await outcomes([harness.users.createUser({ email: email.toUpperCase(), name: 'B', operator: true })])).toEqual({
    already_exists: 1,
  })
})

test('no service makes accounts, though its token be for identity and all companies', async () => {
  const { privateJwk } = harness.authority.keyPair
  const issuer = createTokenIssuer({ privateJwk, caller: 'messaging', clock: harness.now })
  await using asService = createRpcClient(UserServiceDefinition, {
    address: `127.0.0.1:${harness.identity.rpcPort}`,
    audience: 'identity',
    issuer,
    telemetry: harness.telemetry,
  })
  const methods = [
    asService.createUser({ email: 'mallory@salon.example', name: 'M', operator: true }),
    asService.listSigningKeys({}),
    asService.rotateSigningKey({}),
  ]
  expect(await outcomes(methods)).toEqual({ permission_denied: 3 })
})

test('neither password, secret, token nor code is stored or logged in the clear', async () => {
  const { email, secret, sessionToken, recoveryCodes } = await harness.member()
  const tables = ['users', 'second_factors', 'sessions', 'recovery_codes', 'signing_keys', 'attempts', 'invitations']
  const rows = await Promise.all(tables.map((table) => harness.sql(`select * from ${table}`)))
  const everything = rows
    .flat()
    .flatMap((row) => Object.values(row).map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value))))
  for (const hidden of [password, secret, sessionToken, recoveryCodes[0] ?? '']) expect(everything.join('\n')).not.toContain(hidden)
  expect(everything.join('\n')).toContain(email)
})

function verifier(audience: string) {
  return createTokenVerifier({ jwksUrl: harness.jwksUrl, audience, logger: harness.telemetry.logger, clock: harness.now })
}
