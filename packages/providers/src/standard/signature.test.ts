import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { codeOf, everyBitFlip, sourceBodies } from '../../test/support.ts'
import { standardWebhook } from '../testing.ts'
import { standard } from './index.ts'
import { signStandard } from './signature.ts'

const key = Buffer.from('Jx9cT2mB7oQeYw4Z1uR8vK5nJx9cT2mB')
const secret = `whsec_${key.toString('base64')}`
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const id = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W'
const now = new Date('2026-11-20T09:00:00Z')
const nowMs = now.getTime()
const nowSeconds = nowMs / 1_000
const { body } = standardWebhook('contact.created')
const pair = generateKeyPairSync('ed25519')
const publicKey = `whpk_${Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64')}`
const privateKey = `whsk_${Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url').toString('base64')}`

type Headers = Record<string, string | undefined>
const verdict = (rawBody: Buffer, headers: Headers, secrets: readonly string[] = [secret], at: Date = now) =>
  codeOf(() => standard.verify({ headers, rawBody }, secrets, at))
const signed = (bytes: Buffer, by = secret, timestampMs = nowMs) => signStandard(bytes, by, { id, timestampMs })
const withHeader = (name: string, value: string | undefined): Headers => ({ ...signed(body), [`webhook-${name}`]: value })
const withSignature = (value: string | undefined) => withHeader('signature', value)
const signatureOf = (by: string) => signed(body, by)['webhook-signature']

test('what the specification’s own library signs is accepted, and what we sign it accepts', () => {
  const library = new Webhook(secret)
  for (const bytes of [body, ...sourceBodies.map((source) => Buffer.from(source))]) {
    const signature = library.sign(id, now, bytes.toString())
    expect(signed(bytes)).toEqual({ 'webhook-id': id, 'webhook-timestamp': String(nowSeconds), 'webhook-signature': signature })
    expect(verdict(bytes, signed(bytes))).toBe('accepted')
    expect(() => library.verify(bytes, signed(bytes, secret, Date.now()))).not.toThrow()
  }
})

test('what an Ed25519 key signs is accepted by its public half', () => {
  const content = Buffer.concat([Buffer.from(`${id}.${nowSeconds}.`), body])
  const signature = `v1a,${sign(null, content, pair.privateKey).toString('base64')}`
  expect(signatureOf(privateKey)).toBe(signature)
  expect(verdict(body, withSignature(signature), [publicKey])).toBe('accepted')
  expect(verdict(body, withSignature(signature), [secret, publicKey])).toBe('accepted')
  expect(verdict(Buffer.concat([body, body]), withSignature(signature), [publicKey])).toBe('signature_invalid')
})

test('the key is what stands after whsec_ in base64, and not the text as with Stripe', () => {
  const content = Buffer.concat([Buffer.from(`${id}.${nowSeconds}.`), body])
  const withText = `v1,${createHmac('sha256', secret).update(content).digest('base64')}`
  expect(verdict(body, withSignature(withText))).toBe('signature_invalid')
})

test('a public key, which everybody may have, is no HMAC key', () => {
  const content = Buffer.concat([Buffer.from(`${id}.${nowSeconds}.`), body])
  for (const hmacKey of [publicKey, Buffer.from(publicKey.slice('whpk_'.length), 'base64')]) {
    const forged = createHmac('sha256', hmacKey).update(content).digest('base64')
    expect(verdict(body, withSignature(`v1,${forged}`), [publicKey])).toBe('signature_invalid')
  }
})

test.each([
  [-301, 'timestamp_out_of_tolerance'],
  [-300, 'accepted'],
  [300, 'accepted'],
  [301, 'timestamp_out_of_tolerance'],
  [86_400, 'timestamp_out_of_tolerance'],
])('a timestamp that is off by %i s is %s', (offSeconds, outcome) => {
  expect(verdict(body, signed(body, secret, nowMs + offSeconds * 1_000))).toBe(outcome)
  expect(verdict(body, signed(body, privateKey, nowMs + offSeconds * 1_000), [publicKey])).toBe(outcome)
})

test('a wrong key is never told as a wrong clock', () => {
  expect(verdict(body, signed(body, other, 0))).toBe('signature_invalid')
})

test('of several signatures any one may match, in whatever place and beside whatever scheme', () => {
  const [good, bad] = [signatureOf(secret), signatureOf(other)]
  for (const value of [`${bad} ${good}`, `${good} ${bad}`, `v2,abc= ${good}`, `${signatureOf(privateKey)} ${good}`]) {
    expect(verdict(body, withSignature(value))).toBe('accepted')
  }
  expect(verdict(body, withSignature(`${bad} ${bad}`))).toBe('signature_invalid')
})

test('the previous secret still signs during a rotation, also to another scheme; a third one does not', () => {
  expect(verdict(body, signed(body, other), [secret, other])).toBe('accepted')
  expect(verdict(body, signed(body, privateKey), [secret, publicKey])).toBe('accepted')
  expect(verdict(body, signed(body, `whsec_${Buffer.alloc(24, 9).toString('base64')}`), [secret, other])).toBe('signature_invalid')
})

const hmacOf = (hmacKey: string | Buffer) =>
  `v1,${createHmac('sha256', hmacKey).update(`${id}.${nowSeconds}.`).update(body).digest('base64')}`
test.each([
  ['none', []],
  ['an empty one', ['']],
  ['one without its prefix', [key.toString('base64')]],
  ['an empty key', ['whsec_']],
  ['a key of 23 bytes', [`whsec_${Buffer.alloc(23).toString('base64')}`]],
  ['a key of 65 bytes', [`whsec_${Buffer.alloc(65).toString('base64')}`]],
  ['what is no base64', ['whsec_not base64 at all, but as long as that']],
  ['a public key of 31 bytes', [`whpk_${Buffer.alloc(31).toString('base64')}`]],
  ['a private key in a public one’s place', [privateKey]],
])('of secrets, %s verifies nothing', (_what, secrets) => {
  for (const candidate of ['', ...secrets]) {
    const bytes = Buffer.from(candidate.replace(/^wh\w+_/, ''), 'base64')
    for (const forged of [hmacOf(candidate), hmacOf(bytes)]) expect(verdict(body, withSignature(forged), secrets)).toBe('signature_invalid')
  }
})

const good = signatureOf(secret)
test.each([
  [undefined, 'signature_missing'],
  ['', 'signature_missing'],
  [good.slice('v1,'.length), 'signature_malformed'],
  [good.replace('v1,', 'v1='), 'signature_malformed'],
  [good.replace('v1,', 'V1,'), 'signature_malformed'],
  [good.replace('v1,', 'v1a,'), 'signature_malformed'],
  [good.replace('v1,', 'v2,'), 'signature_malformed'],
  [good.replace('=', ''), 'signature_malformed'],
  [`${good}=`, 'signature_malformed'],
  [`${good} `, 'signature_malformed'],
  [`${good}, ${good}`, 'signature_malformed'],
  [`${good}  ${good}`, 'signature_malformed'],
  [`${good}\n`, 'signature_malformed'],
  [Array.from({ length: 17 }, () => good).join(' '), 'signature_malformed'],
  [`${good} v1,xx`, 'signature_malformed'],
  [Array.from({ length: 16 }, () => good).join(' '), 'accepted'],
])('the signature %j is %s', (value, code) => {
  expect(verdict(body, withSignature(value))).toBe(code)
})

test.each([
  undefined,
  '',
  '1795165200abc',
  ' 1795165200',
  '+1795165200',
  '01795165200',
  '1795165200.0',
  '1.7951652e9',
  '0x6b',
  '-1',
  'now',
])('the timestamp %j proves nothing, though parsers read some of these', (timestamp) => {
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp ?? ''}.`), body])
  const signature = `v1,${createHmac('sha256', key).update(content).digest('base64')}`
  const code = verdict(body, { ...withHeader('timestamp', timestamp), 'webhook-signature': signature })
  expect(code).toBe(timestamp ? 'signature_malformed' : 'signature_missing')
})

test.each([undefined, '', 'a b', 'a.b', 'ä', 'x'.repeat(256)])('the id %j proves nothing', (webhookId) => {
  const headers = { ...signStandard(body, secret, { id: webhookId ?? '', timestampMs: nowMs }), 'webhook-id': webhookId }
  expect(verdict(body, headers)).toBe(webhookId ? 'signature_malformed' : 'signature_missing')
})

test('an id can’t be made shorter, or longer, at the expense of what follows it', () => {
  const number = Buffer.from('5')
  const { 'webhook-signature': signature } = signStandard(number, secret, { id: `a.${nowSeconds}`, timestampMs: nowMs })
  const shifted = { 'webhook-id': 'a', 'webhook-timestamp': String(nowSeconds), 'webhook-signature': signature }
  // Signed alike, were an id with a full stop ever signed for us: so it is refused, and its content never seen.
  expect(verdict(Buffer.from(`${nowSeconds}.5`), shifted)).toBe('accepted')
  expect(verdict(number, { ...shifted, 'webhook-id': `a.${nowSeconds}` })).toBe('signature_malformed')
})

test('no changed bit of body, id, timestamp or signature is accepted', () => {
  for (const [by, secrets] of [
    [secret, [secret]],
    [privateKey, [publicKey]],
  ] as const) {
    const headers = signed(body, by)
    expect(everyBitFlip(body).filter((flipped) => verdict(flipped, headers, secrets) === 'accepted')).toEqual([])
    for (const [name, value] of Object.entries(headers)) {
      const accepted = everyBitFlip(Buffer.from(value)).filter(
        (flipped) => verdict(body, { ...headers, [name]: flipped.toString('latin1') }, secrets) === 'accepted',
      )
      expect(accepted.map(String)).toEqual([])
    }
  }
})

test('no made-up header is accepted or ends in anything but a refusal', () => {
  const made = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^v1a?,[A-Za-z0-9+/]{40,90}={0,2}$/))
  fc.assert(
    fc.property(made, fc.array(fc.oneof(fc.string(), fc.stringMatching(/^wh(?:sec|pk)_[A-Za-z0-9+/]{43}=$/))), (header, secrets) => {
      expect(() => standard.verify({ headers: withSignature(header), rawBody: body }, secrets, now)).toThrow(FrontdeskError)
    }),
    { numRuns: 500 },
  )
})

test('only a secret that signs is signed with', () => {
  expect(() => signStandard(body, publicKey, { id, timestampMs: nowMs })).toThrow(TypeError)
})
