import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CredentialEntry,
  createTokenVerifier,
  credentialEntry,
  digestOfCredential,
  generateCredential,
  generateKeyPair,
} from '@frontdesk/rpc'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyRing, openKeys, type StackKeys } from './keys.ts'
import { callerNames, callers } from './manifest.ts'

const { logger } = createTestTelemetry()
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontdesk-keys-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const secretNames = [
  'vaultKeys',
  'retellApiKey',
  'stripeWebhookSecret',
  'whatsappAppSecret',
  'whatsappVerifyToken',
  'databasePassword',
  'checkoutId',
] as const
const secretsOf = (keys: StackKeys) => Object.fromEntries(secretNames.map((name) => [name, keys[name]]))
const jwks = () => readFile(join(folder, 'jwks.json'), 'utf8')
const listed = async () =>
  (JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8')) as { credentials: CredentialEntry[] }).credentials
const verify = (token: string) => createTokenVerifier({ jwksFile: join(folder, 'jwks.json'), audience: 'booking', logger }).verify(token)

test('keys stay the same over restarts', async () => {
  const first = await openKeys(folder)
  const [published, credentials] = [await jwks(), await listed()]
  expect(secretsOf(await openKeys(folder))).toEqual(secretsOf(first))
  expect([await jwks(), await listed()]).toEqual([published, credentials])
})

test.each(secretNames)('of a secrets file that lacks %s that alone is made anew', async (missing) => {
  const first = secretsOf(await openKeys(folder))
  const file = join(folder, 'secrets.json')
  await writeFile(file, JSON.stringify({ ...first, [missing]: undefined }))
  const second = secretsOf(await openKeys(folder))
  expect(second).toEqual({ ...first, [missing]: expect.stringMatching(/./) })
  expect(second).not.toEqual(first)
  expect(secretsOf(await openKeys(folder))).toEqual(second)
})

test.each(['', '{"half":'])('without a whole operator’s key (%s) a new one is made, and it alone is published', async (text) => {
  await openKeys(folder)
  const published = await jwks()
  await writeFile(join(folder, 'operator.jwk.json'), text)
  const keys = await openKeys(folder)
  expect(await jwks()).not.toBe(published)
  expect((await verify(await keys.issueOperatorToken())).caller).toBe('operator')
})

test('a folder of before identity keeps the operator’s key, and trusts the ingress’ no more', async () => {
  const first = await openKeys(folder)
  const token = await first.issueOperatorToken()
  const old = await generateKeyPair('webhook-ingress-1', ['webhook-ingress'])
  const { keys } = JSON.parse(await jwks()) as { keys: object[] }
  await writeFile(join(folder, 'webhook-ingress.jwk.json'), JSON.stringify(old.privateJwk))
  await writeFile(first.jwksFile, JSON.stringify({ keys: [old.publicJwk, ...keys] }))
  await rm(first.credentialsFile)
  await openKeys(folder)
  expect((await verify(token)).caller).toBe('operator')
  expect(JSON.parse(await jwks())).toEqual({ keys })
  expect(await readdir(folder)).not.toContain('webhook-ingress.jwk.json')
  expect((await listed()).map(({ caller }) => caller)).toEqual(callerNames)
})

test('every caller has a credential for its owner’s eyes alone, which identity’s list knows and limits', async () => {
  const { credentialFile } = await openKeys(folder)
  const entries = await listed()
  for (const caller of callerNames) {
    const file = credentialFile(caller)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const entry = entries.find((each) => each.caller === caller)
    expect(entry?.sha256).toBe(digestOfCredential((await readFile(file, 'utf8')).trim()))
    expect(entry?.audiences).toEqual(callers[caller].calls)
    expect(entry?.audiences).not.toContain('identity')
  }
})

test('of credentials that are missing or broken those alone are made anew; what somebody else listed stays', async () => {
  const { credentialFile, credentialsFile } = await openKeys(folder)
  const before = await listed()
  const insights = credentialEntry(generateCredential(), { caller: 'insights', audiences: ['booking'], allCompanies: false })
  await writeFile(credentialsFile, JSON.stringify({ credentials: [...before, insights] }))
  await writeFile(credentialFile('webhook-ingress'), 'fdc_half')
  await openKeys(folder)
  const after = await listed()
  expect(after.filter(({ sha256 }) => !before.some((entry) => entry.sha256 === sha256))).toEqual([
    { ...before.find(({ caller }) => caller === 'webhook-ingress'), sha256: expect.any(String) },
    insights,
  ])
  expect(after).toHaveLength(callerNames.length + 1)
  await openKeys(folder)
  expect(await listed()).toEqual(after)
})

test('a secrets file with nothing of use in it is made anew', async () => {
  await openKeys(folder)
  await writeFile(join(folder, 'secrets.json'), '')
  expect((await openKeys(folder)).vaultKeys).toMatch(/^dev:/)
})

test('checkouts on one given server seal with one key, and keep their own for what they sealed before', () => {
  const given = 'mysql://root:p%40ss@db:3306'
  expect(keyRing('dev:own', undefined)).toBe('dev:own')
  expect(keyRing('dev:own', given)).toMatch(/^shared:[A-Za-z0-9+/]{43}=,dev:own$/)
  expect(keyRing('dev:other', given).split(',')[0]).toBe(keyRing('dev:own', given).split(',')[0])
  expect(keyRing('dev:own', 'mysql://root:other@db:3306')).not.toBe(keyRing('dev:own', given))
})
