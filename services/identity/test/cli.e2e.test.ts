import { PassThrough } from 'node:stream'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '@frontdesk/cli'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, password, startHarness } from './harness.ts'

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

test('a login that is refused says why it can, and keeps nothing', async () => {
  const refused = await run(['login'], ['nobody@frontdesk.example', password, '123456'])
  expect(refused).toMatchObject({ code: 1, out: '', err: 'error: identity: Email, password or code is wrong. [token_invalid]' })
  expect(await run(['logout'])).toMatchObject({ out: 'Nobody was logged in.' })
})

test('a credential that the CLI makes is one that identity takes', async () => {
  const made = await run(['credentials', 'create', '--caller', 'billing', '--out', 'keys', '--json'], [], {}, home)
  const { secretFile, digestsFile } = JSON.parse(made.out) as Record<string, string>
  expect((await stat(secretFile ?? '')).mode & 0o777).toBe(0o600)
  await writeFile(harness.config.SERVICE_CREDENTIALS_FILE, await readFile(digestsFile ?? ''))
  harness.clock.offsetMs += 1_000
  const credential = (await readFile(secretFile ?? '', 'utf8')).trim()
  expect((await harness.tokens.issueServiceToken({ credential, audience: ['booking'], allCompanies: true })).token).toMatch(/^ey/)
  const again = await run(['credentials', 'create', '--caller', 'billing', '--out', 'keys'], [], {}, home)
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('never overwritten') })
  expect(await run(['credentials', 'create', '--caller', '../evil', '--out', 'keys'], [], {}, home)).toMatchObject({ code: 2 })
})
