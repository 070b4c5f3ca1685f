import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { createTestTelemetry, type TestTelemetry } from '@frontdesk/telemetry/testing'
import { importJWK, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { generateKeyPair, type KeyPair } from './keys.ts'
import { createTokenIssuer } from './token-issuer.ts'
import { createTokenVerifier, type TokenVerifierOptions } from './token-verifier.ts'

const company = vouchForCompanyId(newId('cmp'))
let directory: string
let jwksFile: string
let booking: KeyPair
let now: Date
let telemetry: TestTelemetry

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'frontdesk-rpc-'))
  jwksFile = join(directory, 'jwks.json')
  booking = await generateKeyPair('booking-1', ['booking'])
  await writeKeys(booking)
  now = new Date('2026-11-22T10:00:00Z')
  telemetry = createTestTelemetry()
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
  await telemetry[Symbol.asyncDispose]()
})

const clock = () => now

async function writeKeys(...pairs: KeyPair[]): Promise<void> {
  await writeFile(jwksFile, JSON.stringify({ keys: pairs.map((pair) => pair.publicJwk) }))
}

function pass(ms: number): void {
  now = new Date(now.getTime() + ms)
}

function verifier(options: Partial<TokenVerifierOptions> = {}) {
  return createTokenVerifier({ jwksFile, audience: 'company-resolver', clock, logger: telemetry.logger, ...options })
}

function issuer(pair = booking, caller = 'booking') {
  return createTokenIssuer({ privateJwk: pair.privateJwk, caller, clock })
}

function claims() {
  return { sub: 'booking', aud: 'company-resolver', companies: '*', iat: now.getTime() / 1000, exp: now.getTime() / 1000 + 300 }
}

/** Settles with the error's code and its text for the log. */
async function refusal(work: Promise<unknown>): Promise<[string, string]> {
  return work.then(
    () => ['accepted', ''],
    (error: unknown) => (isFrontdeskError(error) ? [error.code, error.message] : ['other', String(error)]),
  )
}

test('a token tells the caller, its companies and its actor', async () => {
  const token = await issuer().issue({ audience: 'company-resolver', companies: [company], actor: 'usr_1' })
  expect(await verifier().verify(token)).toEqual({ caller: 'booking', companies: new Set([company]), actor: 'usr_1' })
})

test('a token for all companies says so', async () => {
  const token = await issuer().issue({ audience: 'company-resolver', companies: 'all' })
  expect(await verifier().verify(token)).toEqual({ caller: 'booking', companies: 'all' })
})

test('no token, and an empty one, are token_missing', async () => {
  expect((await refusal(verifier().verify(undefined)))[0]).toBe('token_missing')
  expect((await refusal(verifier().verify('')))[0]).toBe('token_missing')
})

test('an expired token is token_expired, whether it was verified before or not', async () => {
  const token = await issuer().issue({ audience: 'company-resolver', companies: 'all', ttlMs: 60_000 })
  const warm = verifier()
  await warm.verify(token)
  pass(60_000)
  expect((await refusal(warm.verify(token)))[0]).toBe('token_expired')
  expect((await refusal(verifier().verify(token)))[0]).toBe('token_expired')
})

test('a token for several services is good for each of them', async () => {
  const token = await issuer().issue({ audience: ['billing', 'company-resolver'], companies: 'all' })
  expect((await verifier().verify(token)).caller).toBe('booking')
  expect((await refusal(verifier({ audience: 'messaging' }).verify(token)))[0]).toBe('token_invalid')
})

test('a token for another audience is token_invalid', async () => {
  const token = await issuer().issue({ audience: 'billing', companies: 'all' })
  expect(await refusal(verifier().verify(token))).toEqual(['token_invalid', expect.stringContaining('"aud"')])
})

test('a token by an unknown key is token_invalid', async () => {
  const stranger = await generateKeyPair('stranger-1', ['booking'])
  const token = await issuer(stranger).issue({ audience: 'company-resolver', companies: 'all' })
  expect(await refusal(verifier().verify(token))).toEqual(['token_invalid', expect.stringContaining('unknown kid stranger-1')])
})

test('a token by another key under a known kid is token_invalid', async () => {
  const forger = await generateKeyPair('booking-1', ['booking'])
  const token = await issuer(forger).issue({ audience: 'company-resolver', companies: 'all' })
  expect(await refusal(verifier().verify(token))).toEqual(['token_invalid', expect.stringContaining('signature')])
})

test('a key speaks only for the callers that it is bound to', async () => {
  const token = await issuer(booking, 'webhook-ingress').issue({ audience: 'company-resolver', companies: 'all' })
  expect(await refusal(verifier().verify(token))).toEqual(['token_invalid', expect.stringContaining('may not speak for webhook-ingress')])
})

test('an HS256 token made with the public key as its secret is token_invalid', async () => {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const secrets = [
    Buffer.from(booking.publicJwk.x, 'base64url'),
    Buffer.from(booking.publicJwk.x),
    Buffer.from(JSON.stringify(booking.publicJwk)),
  ]
  for (const secret of secrets) {
    const signed = `${text({ alg: 'HS256', kid: 'booking-1' })}.${text(claims())}`
    const token = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
    expect(await refusal(verifier().verify(token))).toEqual(['token_invalid', expect.stringContaining('"alg"')])
  }
})

test('an unsigned token (alg none) is token_invalid, with or without a kid', async () => {
  const unsigned = new UnsecuredJWT(claims()).encode()
  expect((await refusal(verifier().verify(unsigned)))[0]).toBe('token_invalid')
  const header = Buffer.from(JSON.stringify({ alg: 'none', kid: 'booking-1' })).toString('base64url')
  expect((await refusal(verifier().verify(`${header}.${unsigned.split('.')[1]}.`)))[0]).toBe('token_invalid')
})

test.for([
  ['no sub', { sub: undefined }],
  ['an empty sub', { sub: '' }],
  ['no exp', { exp: undefined }],
  ['no companies', { companies: undefined }],
  ['companies that are no list', { companies: company }],
  ['the word all for companies', { companies: 'all' }],
  ['a company id of another form', { companies: [company, 'cmp_1'] }],
] as const)('a signed token with %s is token_invalid', async ([, change]) => {
  const token = await new SignJWT(JSON.parse(JSON.stringify({ ...claims(), ...change })))
    .setProtectedHeader({ alg: 'EdDSA', kid: 'booking-1' })
    .sign(await importJWK({ ...booking.privateJwk, callers: undefined }, 'EdDSA'))
  expect((await refusal(verifier().verify(token)))[0]).toBe('token_invalid')
})

test('what is no JWT, or too long for one, is token_invalid', async () => {
  expect((await refusal(verifier().verify('letmein')))[0]).toBe('token_invalid')
  expect((await refusal(verifier().verify('a'.repeat(10_000))))[0]).toBe('token_invalid')
})

test('the cache of verified tokens never outgrows its limit', async () => {
  const bounded = verifier({ cacheLimit: 3 })
  const tokens = await Promise.all(
    Array.from({ length: 10 }, (_, index) => issuer().issue({ audience: 'company-resolver', companies: 'all', actor: `usr_${index}` })),
  )
  await Promise.all(tokens.map((token) => bounded.verify(token)))
  expect(bounded.cached).toBe(3)
})

test('a key that was added to the file is found, with at most one reading a second for unknown kids', async () => {
  const next = await generateKeyPair('booking-2', ['booking'])
  const token = await issuer(next).issue({ audience: 'company-resolver', companies: 'all' })
  const rotating = verifier()
  expect((await refusal(rotating.verify(token)))[0]).toBe('token_invalid')
  await writeKeys(booking, next)
  pass(999)
  expect((await refusal(rotating.verify(token)))[0]).toBe('token_invalid')
  pass(1)
  expect((await rotating.verify(token)).caller).toBe('booking')
})

test('within a minute, a key that was removed from the file verifies no token any more, not even a remembered one', async () => {
  const other = await generateKeyPair('other', ['other'])
  const token = await issuer().issue({ audience: 'company-resolver', companies: 'all' })
  const revoking = verifier()
  await revoking.verify(token)
  await writeKeys(other)
  pass(60_000)
  expect((await refusal(revoking.verify(token)))[0]).toBe('token_invalid')
})

test('a file that can not be read again leaves the old keys in place and is logged', async () => {
  const token = await issuer().issue({ audience: 'company-resolver', companies: 'all' })
  const surviving = verifier()
  await surviving.verify(token)
  await writeFile(jwksFile, '{')
  pass(60_000)
  expect((await surviving.verify(token)).caller).toBe('booking')
  expect(telemetry.lines).toHaveLength(1)
})

test('without any keys, calls are unavailable rather than refused', async () => {
  const blind = verifier({ jwksFile: join(directory, 'absent.json') })
  expect((await refusal(blind.verify('x.y.z')))[0]).toBe('unavailable')
})
