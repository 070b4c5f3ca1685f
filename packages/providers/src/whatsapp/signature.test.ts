import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, everyBitFlip, sourceBodies } from '../../test/support.ts'
import { whatsappWebhook } from '../testing.ts'
import { whatsapp } from './index.ts'
import { signWhatsapp } from './signature.ts'

const appSecret = '7f3c91d0b86e4a25a1d4c07be95f1236'
const now = new Date('2026-11-20T09:00:00Z')
const { body } = whatsappWebhook('text')

function verify(rawBody: Buffer, header: string | undefined, secrets: readonly string[] = [appSecret]): void {
  whatsapp.verify({ headers: { 'x-hub-signature-256': header }, rawBody }, secrets, now)
}

const verdict = (...call: Parameters<typeof verify>) => codeOf(() => verify(...call))

function opensslSign(bytes: Buffer, key: string): string {
  const output = execFileSync('openssl', ['dgst', '-sha256', '-hmac', key], { input: bytes, encoding: 'utf8' })
  return `sha256=${output.trim().split(' ').at(-1) ?? ''}`
}

test('what openssl signs is accepted', () => {
  for (const bytes of [body, whatsappWebhook('failed').body, ...sourceBodies.map((source) => Buffer.from(source))]) {
    const header = opensslSign(bytes, appSecret)
    expect(header).toBe(signWhatsapp(bytes, appSecret))
    expect(verdict(bytes, header)).toBe('accepted')
  }
})

test('the bytes as received are hashed, escapes and all, and never a text that is escaped anew', () => {
  const escaped = Buffer.from('{"body":"\\u00e9\\/\\ud83d\\ude00"}')
  const plain = Buffer.from('{"body":"é/😀"}')
  expect(verdict(escaped, opensslSign(escaped, appSecret))).toBe('accepted')
  expect(verdict(plain, opensslSign(escaped, appSecret))).toBe('signature_invalid')
  expect(verdict(escaped, opensslSign(plain, appSecret))).toBe('signature_invalid')
})

test('the sha1 signature, which Meta sends as well, proves nothing', () => {
  const sha1 = createHmac('sha1', appSecret).update(body).digest('hex')
  expect(codeOf(() => whatsapp.verify({ headers: { 'x-hub-signature': `sha1=${sha1}` }, rawBody: body }, [appSecret], now))).toBe(
    'signature_missing',
  )
  expect(verdict(body, `sha1=${sha1}`)).toBe('signature_malformed')
})

test('the previous secret still signs during a rotation, a third one does not', () => {
  expect(verdict(body, signWhatsapp(body, 'previous'), ['current', 'previous'])).toBe('accepted')
  expect(verdict(body, signWhatsapp(body, 'older'), ['current', 'previous'])).toBe('signature_invalid')
})

test('no secret and an empty secret verify nothing', () => {
  expect(verdict(body, signWhatsapp(body, ''), [])).toBe('signature_invalid')
  expect(verdict(body, signWhatsapp(body, ''), [''])).toBe('signature_invalid')
})

const digest = 'a'.repeat(64)
test.each([
  [undefined, 'signature_missing'],
  ['', 'signature_missing'],
  [digest, 'signature_malformed'],
  [`sha256=${'a'.repeat(63)}`, 'signature_malformed'],
  [`sha256=${'a'.repeat(65)}`, 'signature_malformed'],
  [`sha256=${'A'.repeat(64)}`, 'signature_malformed'],
  [`sha256=${'z'.repeat(64)}`, 'signature_malformed'],
  [`SHA256=${digest}`, 'signature_malformed'],
  [`sha256=${digest}\n`, 'signature_malformed'],
  [` sha256=${digest}`, 'signature_malformed'],
  [`sha256=${digest}, sha256=${digest}`, 'signature_malformed'],
  [`sha256=${digest}`, 'signature_invalid'],
])('the header %j is %s', (header, code) => {
  expect(verdict(body, header)).toBe(code)
})

test('no changed bit of body or header is accepted', () => {
  const header = signWhatsapp(body, appSecret)
  expect(everyBitFlip(body).filter((flipped) => verdict(flipped, header) === 'accepted')).toEqual([])
  expect(everyBitFlip(Buffer.from(header)).filter((flipped) => verdict(body, flipped.toString('latin1')) === 'accepted')).toEqual([])
})

test('known bug 1: no truncated, extended or re-serialised body is accepted', () => {
  for (const source of sourceBodies) {
    const bytes = Buffer.from(source)
    const header = signWhatsapp(bytes, appSecret)
    const parsed: unknown = JSON.parse(source)
    for (const changed of [JSON.stringify(parsed), JSON.stringify(parsed, null, 2), `${source} `, `${source}\n`, `\uFEFF${source}`]) {
      expect(verdict(Buffer.from(changed), header)).toBe('signature_invalid')
    }
    for (let length = 0; length < bytes.length; length++) expect(verdict(bytes.subarray(0, length), header)).toBe('signature_invalid')
  }
})

test('no made-up header is accepted or ends in anything but a refusal', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^sha256=[0-9a-fA-F]{62,66}$/)),
      fc.array(fc.string()),
      (header, secrets) => {
        expect(() => verify(body, header, secrets)).toThrow(FrontdeskError)
      },
    ),
    { numRuns: 500 },
  )
})
