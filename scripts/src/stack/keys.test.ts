import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyRing, openKeys, type StackKeys } from './keys.ts'

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

test('keys stay the same over restarts', async () => {
  const first = await openKeys(folder)
  const published = await jwks()
  expect(secretsOf(await openKeys(folder))).toEqual(secretsOf(first))
  expect(await jwks()).toBe(published)
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

test.each(['operator.jwk.json', 'webhook-ingress.jwk.json', 'jwks.json'])('without a whole %s new keys are made', async (name) => {
  await openKeys(folder)
  const published = await jwks()
  await writeFile(join(folder, name), '{"half":')
  const keys = await openKeys(folder)
  expect(await jwks()).not.toBe(published)
  expect(await keys.issueOperatorToken()).toMatch(/^ey/)
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
