import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTokenVerifier } from '@frontdesk/rpc'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from './terminal.ts'

const company = 'cmp_01k0000000000000000000acme'
const now = new Date('2026-11-22T10:00:00Z')
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'frontdesk-cli-keys-'))
})

afterEach(() => rm(directory, { recursive: true }))

const { logger } = createTestTelemetry()

const create = (caller: string) => run(['keys', 'create', '--caller', caller, '--out', 'keys'], { cwd: directory })
const issue = (...argv: string[]) =>
  run(['token', 'issue', '--key', 'keys/booking.jwk.json', '--audience', 'billing', ...argv], { cwd: directory })
const verify = (token: string, audience = 'billing') =>
  createTokenVerifier({ jwksFile: join(directory, 'keys', 'jwks.json'), audience, clock: () => now, logger }).verify(token)

test('a created key signs tokens that its JWKS verifies', async () => {
  expect(await create('booking')).toMatchObject({ code: 0, err: '' })
  const { code, out } = await issue('--companies', company, '--actor', 'usr_1')
  expect(code).toBe(0)
  expect(await verify(out)).toEqual({ caller: 'booking', companies: new Set([company]), actor: 'usr_1' })
})

test('a token can be for several services and all companies, and says when it ends', async () => {
  await create('booking')
  const { out } = await issue('--audience', 'billing, messaging', '--companies', 'all', '--ttl', '1d', '--json')
  const { token, ...rest } = JSON.parse(out) as Record<string, string>
  expect(rest).toEqual({ caller: 'booking', expiresAt: '2026-11-23T10:00:00.000Z' })
  expect((await verify(token ?? '', 'messaging')).companies).toBe('all')
})

test('the private half is for its owner’s eyes, and not in the JWKS', async () => {
  const { out } = await run(['keys', 'create', '--caller', 'booking', '--out', 'keys', '--kid', 'b1', '--json'], { cwd: directory })
  const { kid, privateFile, jwksFile } = JSON.parse(out) as Record<string, string>
  expect(kid).toBe('b1')
  expect((await stat(privateFile ?? '')).mode & 0o777).toBe(0o600)
  expect(JSON.parse(await readFile(jwksFile ?? '', 'utf8'))).toEqual({ keys: [expect.not.objectContaining({ d: expect.anything() })] })
})

test('a second caller joins the JWKS; a key that is there is never overwritten', async () => {
  await create('booking')
  const before = await readFile(join(directory, 'keys', 'booking.jwk.json'), 'utf8')
  expect((await create('webhook-ingress')).code).toBe(0)
  const { keys } = JSON.parse(await readFile(join(directory, 'keys', 'jwks.json'), 'utf8')) as { keys: { callers: string[] }[] }
  expect(keys.map(({ callers }) => callers)).toEqual([['booking'], ['webhook-ingress']])
  expect(await create('booking')).toMatchObject({ code: 1, err: expect.stringContaining('never overwritten') })
  expect(await readFile(join(directory, 'keys', 'booking.jwk.json'), 'utf8')).toBe(before)
})

test('a JWKS that is none is left as it is', async () => {
  await create('booking')
  await writeFile(join(directory, 'keys', 'jwks.json'), '[]')
  expect(await create('billing')).toMatchObject({ code: 1, err: expect.stringContaining('jwks.json is not a JWKS') })
  expect(await readFile(join(directory, 'keys', 'jwks.json'), 'utf8')).toBe('[]')
})

test('a key speaks for its own callers alone', async () => {
  await create('booking')
  expect(await issue('--companies', 'all', '--caller', 'billing')).toMatchObject({
    code: 1,
    err: expect.stringContaining('may not speak for billing'),
  })
})

test('a key for any caller must be told for whom it signs', async () => {
  await create('*')
  const key = ['token', 'issue', '--key', 'keys/any-caller.jwk.json', '--audience', 'billing', '--companies', 'all']
  expect((await run(key, { cwd: directory })).code).toBe(2)
  expect((await verify((await run([...key, '--caller', 'operator'], { cwd: directory })).out)).caller).toBe('operator')
})

test.for([
  ['a company of another form', ['--companies', 'cmp_1'], 2, 'cmp_1'],
  ['a duration of another form', ['--companies', 'all', '--ttl', '5 minutes'], 2, '5m'],
  ['a key file that is not there', ['--companies', 'all', '--key', 'absent.json'], 1, 'absent.json'],
] as const)('%s is refused by its name', async ([, argv, code, said]) => {
  await create('booking')
  expect(await issue(...argv)).toMatchObject({ code, out: '', err: expect.stringContaining(said) })
})

test('a caller’s name of another form is refused', async () => {
  expect(await create('../evil')).toMatchObject({ code: 2, err: expect.stringContaining('../evil') })
})
