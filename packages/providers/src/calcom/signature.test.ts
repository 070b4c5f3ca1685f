import { execFileSync } from 'node:child_process'
import { FrontdeskError } from '@frontdesk/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, everyBitFlip, sourceBodies } from '../../test/support.ts'
import { calcomWebhook } from '../testing.ts'
import { calcom } from './index.ts'
import { signCalcom } from './signature.ts'

const secret = 'whs_3b9e5d17'
const now = new Date('2026-11-20T09:00:00Z')

function verify(rawBody: Buffer, header: string | undefined, secrets: readonly string[] = [secret]): void {
  calcom.verify({ headers: { 'x-cal-signature-256': header }, rawBody }, secrets, now)
}

const verdict = (...call: Parameters<typeof verify>) => codeOf(() => verify(...call))

function opensslSign(body: Buffer, key: string): string {
  const output = execFileSync('openssl', ['dgst', '-sha256', '-hmac', key], { input: body, encoding: 'utf8' })
  return output.trim().split(' ').at(-1) ?? ''
}

test('what openssl signs is accepted', () => {
  for (const body of [calcomWebhook('BOOKING_CREATED').body, ...sourceBodies.map((source) => Buffer.from(source))]) {
    const header = opensslSign(body, secret)
    expect(header).toBe(signCalcom(body, secret))
    expect(verdict(body, header)).toBe('accepted')
  }
})

test('a webhook without a secret at Cal.com is always refused, whatever our secret is', () => {
  const { body } = calcomWebhook('BOOKING_CREATED')
  for (const secrets of [[], [''], [secret], ['no-secret-provided']]) {
    expect(verdict(body, 'no-secret-provided', secrets)).toBe('signature_missing')
  }
})

test('a valid signature replayed to another company’s connection is refused', () => {
  const { body } = calcomWebhook('BOOKING_CREATED')
  expect(verdict(body, signCalcom(body, secret), ['the other company’s secret'])).toBe('signature_invalid')
})

test('the previous secret still signs during a rotation, a third one does not', () => {
  const { body } = calcomWebhook('BOOKING_CREATED')
  expect(verdict(body, signCalcom(body, 'previous'), ['current', 'previous'])).toBe('accepted')
  expect(verdict(body, signCalcom(body, 'older'), ['current', 'previous'])).toBe('signature_invalid')
})

test('no secret and an empty secret verify nothing', () => {
  const { body } = calcomWebhook('BOOKING_CREATED')
  expect(verdict(body, signCalcom(body, ''), [])).toBe('signature_invalid')
  expect(verdict(body, signCalcom(body, ''), [''])).toBe('signature_invalid')
})

test.each([
  [undefined, 'signature_missing'],
  ['', 'signature_missing'],
  ['a'.repeat(63), 'signature_malformed'],
  ['a'.repeat(65), 'signature_malformed'],
  ['A'.repeat(64), 'signature_malformed'],
  ['z'.repeat(64), 'signature_malformed'],
  [`sha256=${'a'.repeat(64)}`, 'signature_malformed'],
  [`${'a'.repeat(64)}\n`, 'signature_malformed'],
  [`${'a'.repeat(64)}, ${'a'.repeat(64)}`, 'signature_malformed'],
  ['a'.repeat(64), 'signature_invalid'],
])('the header %j is %s', (header, code) => {
  expect(verdict(calcomWebhook('BOOKING_CREATED').body, header)).toBe(code)
})

test('no changed bit of body or header is accepted', () => {
  const { body } = calcomWebhook('BOOKING_CREATED')
  const header = signCalcom(body, secret)
  expect(everyBitFlip(body).filter((flipped) => verdict(flipped, header) === 'accepted')).toEqual([])
  expect(everyBitFlip(Buffer.from(header)).filter((flipped) => verdict(body, flipped.toString('latin1')) === 'accepted')).toEqual([])
})

test('known bug 1: no truncated, extended or re-serialised body is accepted', () => {
  for (const source of sourceBodies) {
    const body = Buffer.from(source)
    const header = signCalcom(body, secret)
    const parsed: unknown = JSON.parse(source)
    for (const changed of [JSON.stringify(parsed), JSON.stringify(parsed, null, 2), `${source} `, `${source}\n`, `\uFEFF${source}`]) {
      expect(verdict(Buffer.from(changed), header)).toBe('signature_invalid')
    }
    for (let length = 0; length < body.length; length++) expect(verdict(body.subarray(0, length), header)).toBe('signature_invalid')
  }
})

test('no made-up header is accepted or ends in anything but a refusal', () => {
  const { body } = calcomWebhook('BOOKING_CREATED')
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-fA-F]{62,66}$/)),
      fc.array(fc.string()),
      (header, secrets) => {
        expect(() => verify(body, header, secrets)).toThrow(FrontdeskError)
      },
    ),
    { numRuns: 500 },
  )
})
