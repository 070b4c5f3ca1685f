import { rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestTelemetry, type TestTelemetry } from '@frontdesk/telemetry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { generateKeyPair, type KeyPair } from './keys.ts'
import { createTokenIssuer } from './token-issuer.ts'
import { createTokenVerifier } from './token-verifier.ts'
import { createTestAuthority } from './testing.ts'

let server: Server
let jwksUrl: string
let telemetry: TestTelemetry
let answer: { status: number; body: unknown; delayMs: number }
let reads: number
let now: number
let key: KeyPair

beforeEach(async () => {
  telemetry = createTestTelemetry()
  key = await generateKeyPair('one', ['*'])
  answer = { status: 200, body: { keys: [key.publicJwk] }, delayMs: 0 }
  reads = 0
  now = Date.parse('2026-11-22T10:00:00Z')
  server = createServer((_request, response) => {
    reads += 1
    const { status, body, delayMs } = answer
    setTimeout(() => response.writeHead(status).end(JSON.stringify(body)), delayMs)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await telemetry[Symbol.asyncDispose]()
})

const clock = () => new Date(now)
const verifier = (options = {}) => createTokenVerifier({ jwksUrl, audience: 'booking', clock, logger: telemetry.logger, ...options })
const sign = ({ privateJwk }: KeyPair = key) =>
  createTokenIssuer({ privateJwk, caller: 'messaging', clock }).issue({ audience: 'booking', companies: 'all', ttlMs: 3_600_000 })
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

test('keys of a URL are read once for many calls, and again after a minute', async () => {
  const [checks, token] = [verifier(), await sign()]
  await Promise.all(Array.from({ length: 50 }, () => checks.verify(token)))
  expect(reads).toBe(1)
  now += 60_000
  await Promise.all(Array.from({ length: 50 }, () => checks.verify(token)))
  expect(reads).toBe(2)
})

test('unknown kids cause at most one reading a second, however many come', async () => {
  const checks = verifier()
  await checks.verify(await sign())
  const strangers = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => sign(await generateKeyPair(`stranger-${index}`, ['*']))),
  )
  for (const token of strangers) expect(await outcome(checks.verify(token))).toBe('token_invalid')
  expect(reads).toBe(1)
  now += 1_000
  await Promise.all(strangers.map((token) => outcome(checks.verify(token))))
  for (const token of strangers) expect(await outcome(checks.verify(token))).toBe('token_invalid')
  expect(reads).toBe(2)
})

test('a new key is found at its first token, even where the answer takes its time', async () => {
  const checks = verifier()
  await checks.verify(await sign())
  const next = await generateKeyPair('two', ['*'])
  answer = { status: 200, body: { keys: [key.publicJwk, next.publicJwk] }, delayMs: 500 }
  now += 1_000
  expect(await outcome(checks.verify(await sign(next)))).toBe('ok')
})

test.for([
  ['answers an error', { status: 503, body: {}, delayMs: 0 }],
  ['answers no JWKS', { status: 200, body: [], delayMs: 0 }],
  ['hangs', { status: 200, body: {}, delayMs: 60_000 }],
] as const)('the keys stay in use while the server %s, and calls hardly wait for it', async ([, trouble]) => {
  const [checks, token] = [verifier(), await sign()]
  await checks.verify(token)
  answer = { ...trouble }
  now += 60_000
  const startedAt = performance.now()
  expect(await outcome(checks.verify(token))).toBe('ok')
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('before the first reading, calls are unavailable, and the log says why; then they are served', async () => {
  answer = { status: 503, body: {}, delayMs: 0 }
  const [checks, token] = [verifier(), await sign()]
  expect(await outcome(checks.verify(token))).toBe('unavailable')
  expect(telemetry.lines).toMatchObject([{ level: 'warn', jwks: jwksUrl, msg: expect.stringContaining('JWKS can not be read') }])
  answer = { status: 200, body: { keys: [key.publicJwk] }, delayMs: 0 }
  now += 1_000
  expect(await outcome(checks.verify(token))).toBe('ok')
})

test('a key ends at its exp, though its token and the reading of it are younger', async () => {
  answer = { status: 200, body: { keys: [{ ...key.publicJwk, exp: now / 1_000 + 30 }] }, delayMs: 0 }
  const [checks, token] = [verifier(), await sign()]
  now += 29_999
  expect(await outcome(checks.verify(token))).toBe('ok')
  now += 1
  expect(await outcome(checks.verify(token))).toBe('token_invalid')
  expect(reads).toBe(1)
})

test('a file’s keys count beside the URL’s, and alone while that can not be read', async () => {
  await using authority = await createTestAuthority()
  const checks = verifier({ jwksFile: authority.jwksFile })
  const byFile = () =>
    createTokenIssuer({ privateJwk: authority.keyPair.privateJwk, caller: 'operator', clock }).issue({
      audience: 'booking',
      companies: 'all',
    })
  expect([await outcome(checks.verify(await byFile())), await outcome(checks.verify(await sign()))]).toEqual(['ok', 'ok'])
  answer = { status: 503, body: {}, delayMs: 0 }
  const blind = verifier({ jwksFile: authority.jwksFile })
  expect([await outcome(blind.verify(await byFile())), await outcome(blind.verify(await sign()))]).toEqual(['ok', 'unavailable'])
})

test('without its file the URL’s keys count alone: a stranger is refused, and a file that comes later counts', async () => {
  await using authority = await createTestAuthority()
  const absent = `${authority.jwksFile}.later`
  const checks = verifier({ jwksFile: absent })
  const stranger = await generateKeyPair('stranger', ['*'])
  expect([await outcome(checks.verify(await sign())), await outcome(checks.verify(await sign(stranger)))]).toEqual(['ok', 'token_invalid'])
  await writeFile(absent, JSON.stringify({ keys: [stranger.publicJwk] }))
  now += 1_000
  expect(await outcome(checks.verify(await sign(stranger)))).toBe('ok')
  await rm(absent)
  now += 60_000
  expect(await outcome(checks.verify(await sign(stranger)))).toBe('token_invalid')
})

test('a key of the file does not wait for a URL that hangs', async () => {
  await using authority = await createTestAuthority()
  const checks = verifier({ jwksFile: authority.jwksFile })
  await checks.verify(await sign())
  answer = { status: 200, body: {}, delayMs: 60_000 }
  now += 1_000
  const startedAt = performance.now()
  const { privateJwk } = authority.keyPair
  const token = await createTokenIssuer({ privateJwk, caller: 'operator', clock }).issue({ audience: 'booking', companies: 'all' })
  expect(await outcome(checks.verify(token))).toBe('ok')
  expect(performance.now() - startedAt).toBeLessThan(200)
})

test('a verifier without any source of keys is a mistake in the program', () => {
  expect(() => createTokenVerifier({ audience: 'booking', logger: telemetry.logger })).toThrow(TypeError)
})
