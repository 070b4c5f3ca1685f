import { PassThrough } from 'node:stream'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '@frontdesk/cli'
import { newId } from '@frontdesk/contracts'
import { createTokenIssuer } from '@frontdesk/rpc'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, outcomes, password, startHarness } from './harness.ts'

let harness: Harness
let home: string
beforeAll(async () => {
  harness = await startHarness()
  home = await mkdtemp(join(tmpdir(), 'frontdesk-login-'))
})
afterAll(async () => {
  await harness[Symbol.asyncDispose]()
  await rm(home, { recursive: true })
})

const address = () => `127.0.0.1:${harness.identity.rpcPort}`

/** Runs a command with a home of its own; the answers are given in order, a function when it is asked. */
async function run(argv: string[], answers: (string | ((said: string) => string))[] = [], env: Record<string, string> = {}, cwd = '/') {
  const [out, err]: [string[], string[]] = [[], []]
  const asked: { question: string; hidden: boolean }[] = []
  const code = await runCli(argv, {
    env: { HOME: home, FRONTDESK_IDENTITY_ADDRESS: address(), ...env },
    cwd,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    pipes: { input: new PassThrough().end(), output: new PassThrough() },
    now: harness.now,
    onInterrupt: () => () => undefined,
    ask: async (question, { hidden = false } = {}) => {
      asked.push({ question, hidden })
      const answer = answers.shift() ?? ''
      return typeof answer === 'string' ? answer : answer(err.join('\n'))
    },
  })
  return { code, out: out.join('\n'), err: err.join('\n'), asked }
}

const codeFrom = (said: string) => harness.codeOf(/secret=([A-Z2-7]+)/.exec(said)?.[1] ?? '')

test('an operator is invited, enrols a second factor, works with the login, and logs out', async () => {
  const issuer = harness.authority.issuer('operator')
  const bootstrap = { FRONTDESK_TOKEN: await issuer.issue({ audience: 'identity', companies: 'all' }) }
  const created = await run(['users', 'create', '--email', 'ada@frontdesk.example', '--name', 'Ada', '--operator', '--json'], [], bootstrap)
  expect(created).toMatchObject({ code: 0, err: '' })
  const { invitationToken } = JSON.parse(created.out) as { invitationToken: string }

  let secret = ''
  const login = await run(
    ['login', '--email', 'ada@frontdesk.example', '--invitation', invitationToken, '--json'],
    [
      password,
      '',
      (said) => {
        secret = /secret=([A-Z2-7]+)/.exec(said)?.[1] ?? ''
        return codeFrom(said)
      },
    ],
  )
  expect(login.code).toBe(0)
  expect(login.asked.map(({ hidden }) => hidden)).toEqual([true, false, false])
  expect(login.err).toContain('█')
  expect(login.err + login.out).not.toContain(password)
  const told = JSON.parse(login.out) as { companies: string; recoveryCodes: string[] }
  expect(told).toMatchObject({ companies: 'all', recoveryCodes: expect.any(Array) })

  const file = join(home, '.config', 'frontdesk', 'session.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  // The login is now the operator's token.
  const invite = (email: string, cwd = '/') => run(['users', 'create', '--email', email, '--name', 'Bob', '--operator'], [], {}, cwd)
  expect(await invite('bob@frontdesk.example')).toMatchObject({ code: 0, out: expect.stringContaining('Invitation  fdi_') })

  // Not that of a development stack with another identity.
  const project = join(home, 'project')
  await mkdir(join(project, '.frontdesk'), { recursive: true })
  await writeFile(
    join(project, '.frontdesk', 'dev.json'),
    JSON.stringify({ operatorToken: 'of the stack', rpc: { identity: '127.0.0.1:1' } }),
  )
  expect(await invite('eve@frontdesk.example', project)).toMatchObject({ code: 1, err: expect.stringContaining('dev.json') })

  const before = JSON.parse(await readFile(file, 'utf8')) as { sessionToken: string }
  harness.nextCode()
  expect(await run(['login'], ['ada@frontdesk.example', password, harness.codeOf(secret)])).toMatchObject({ code: 0, err: '' })
  const after = JSON.parse(await readFile(file, 'utf8')) as { sessionToken: string }
  expect(after.sessionToken).not.toBe(before.sessionToken)
  const recovery = await run(['login', '--recovery', '--email', 'ada@frontdesk.example'], [password, told.recoveryCodes[0] ?? ''])
  expect(recovery).toMatchObject({ code: 0, err: '' })

  const stolen = JSON.parse(await readFile(file, 'utf8')) as { sessionToken: string }
  expect(await run(['logout'])).toMatchObject({ code: 0, out: 'ada@frontdesk.example is logged out.' })
  expect(await run(['logout'])).toMatchObject({ code: 0, out: 'Nobody was logged in.' })
  await expect(harness.accounts.issueUserToken({ sessionToken: stolen.sessionToken, audience: ['identity'] })).rejects.toMatchObject({
    code: 'token_invalid',
  })
  expect(await invite('bob2@frontdesk.example')).toMatchObject({ code: 2, err: expect.stringContaining('frontdesk login') })
}, 30_000)

test('an operator finds an account by its address, invites, revokes, resets and disables, and rotates the signing key', async () => {
  const token = await createTokenIssuer({
    privateJwk: harness.authority.keyPair.privateJwk,
    caller: 'operator',
    clock: harness.now,
  }).issue({ audience: 'identity', companies: 'all' })
  const operate = (...argv: string[]) => run(argv, [], { FRONTDESK_TOKEN: token })
  const { email, userId, sessionToken } = await harness.member()
  expect(await operate('users', 'show', email.toUpperCase())).toMatchObject({ code: 0, out: expect.stringMatching(/Second factor +yes/) })
  expect(await operate('users', 'revoke-sessions', userId)).toMatchObject({ code: 0, out: expect.stringMatching(/Revoked +1/) })
  expect(await outcomes([harness.accounts.issueUserToken({ sessionToken, audience: ['booking'] })])).toEqual({ token_invalid: 1 })
  expect(await operate('users', 'invite', email)).toMatchObject({ code: 0, out: expect.stringMatching(/Invitation +fdi_/) })
  expect(await operate('users', 'reset-second-factor', userId, '--json')).toMatchObject({
    out: expect.not.stringContaining('secondFactor'),
  })
  expect(await outcomes([harness.logIn(email)])).toEqual({ ok: 1 })
  expect(await operate('users', 'disable', email)).toMatchObject({ code: 0, out: expect.stringMatching(/Disabled +20/) })
  expect(await outcomes([harness.logIn(email)])).toEqual({ token_invalid: 1 })
  expect(await operate('users', 'show', 'nobody@salon.example')).toMatchObject({ code: 1, err: expect.stringContaining('not_found') })

  expect(await operate('signing-keys', 'rotate')).toMatchObject({ code: 0, out: expect.stringMatching(/Key +identity-/) })
  expect((await operate('signing-keys', 'list')).out.split('\n')).toHaveLength(3)
  expect(await operate('signing-keys', 'rotate')).toMatchObject({ code: 1, err: expect.stringContaining('failed_precondition') })
})

test('a login that is refused says why it can, and keeps nothing', async () => {
  const refused = await run(['login'], ['nobody@frontdesk.example', password, '123456'])
  expect(refused).toMatchObject({ code: 1, out: '', err: 'error: identity: Email, password or code is wrong. [token_invalid]' })
  expect(await run(['logout'])).toMatchObject({ out: 'Nobody was logged in.' })
})

test('a credential that the CLI makes is one that identity takes', async () => {
  const create = (caller: string, audience: string, ...more: string[]) =>
    run(['credentials', 'create', '--caller', caller, '--audience', audience, '--out', 'keys', ...more], [], {}, home)
  const made = await create('billing', 'booking, messaging', '--json')
  const { secretFile, digestsFile } = JSON.parse(made.out) as Record<string, string>
  expect((await stat(secretFile ?? '')).mode & 0o777).toBe(0o600)
  await writeFile(harness.config.SERVICE_CREDENTIALS_FILE, await readFile(digestsFile ?? ''))
  harness.clock.offsetMs += 1_000
  const credential = (await readFile(secretFile ?? '', 'utf8')).trim()
  const ask = (companies: { allCompanies: boolean } | { companyIds: string[] }) =>
    outcomes([harness.tokens.issueServiceToken({ credential, audience: ['messaging', 'booking'], ...companies })])
  expect([await ask({ companyIds: [newId('cmp')] }), await ask({ allCompanies: true })]).toEqual([{ ok: 1 }, { permission_denied: 1 }])
  expect(await create('billing', 'booking')).toMatchObject({ code: 1, err: expect.stringContaining('never overwritten') })
  expect([await create('../evil', 'booking'), await create('evil', 'booking,*')]).toMatchObject([{ code: 2 }, { code: 2 }])
  expect(await create('insights', 'booking', '--all-companies')).toMatchObject({ code: 0, out: expect.stringMatching(/Companies +all/) })
  expect(JSON.parse(await readFile(digestsFile ?? '', 'utf8'))).toMatchObject({
    credentials: [
      { caller: 'billing', audiences: ['booking', 'messaging'], allCompanies: false },
      { caller: 'insights', audiences: ['booking'], allCompanies: true },
    ],
  })
})
