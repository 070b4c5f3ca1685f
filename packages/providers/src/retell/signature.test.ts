import { createHmac } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import fc from 'fast-check'
import { Retell } from 'retell-sdk'
import { symmetric } from 'retell-sdk/lib/webhook_auth'
import { expect, test } from 'vitest'
import { retellWebhook } from '../testing.ts'
import { codeOf, everyBitFlip, sourceBodies } from '../../test/support.ts'
import { retell } from './index.ts'
import { signRetell } from './signature.ts'

const apiKey = 'key_2f6b71c0a8'
const now = new Date('2026-11-20T09:00:00Z')

function verify(rawBody: Buffer, header: string | undefined, secrets: readonly string[] = [apiKey], at: Date = now): void {
  retell.verify({ headers: { 'x-retell-signature': header }, rawBody }, secrets, at)
}

const verdict = (...call: Parameters<typeof verify>) => codeOf(() => verify(...call))

test('what Retell’s own SDK signs is accepted, and what we sign its SDK accepts', async () => {
  const { body } = retellWebhook('call_ended')
  const text = body.toString()
  expect(verdict(body, await Retell.sign(text, apiKey), [apiKey], new Date())).toBe('accepted')
  expect(verdict(body, await symmetric.sign(text, apiKey, now.getTime()))).toBe('accepted')
  expect(await symmetric.verify(text, apiKey, signRetell(body, apiKey, now.getTime()), { timestamp: now.getTime() })).toBe(true)
})

test.each([
  [-301_000, 'timestamp_out_of_tolerance'],
  [-300_001, 'timestamp_out_of_tolerance'],
  [-300_000, 'accepted'],
  [-299_000, 'accepted'],
  [299_000, 'accepted'],
  [300_000, 'accepted'],
  [300_001, 'timestamp_out_of_tolerance'],
  [301_000, 'timestamp_out_of_tolerance'],
])('a timestamp that is off by %i ms is %s', async (offMs, outcome) => {
  const { body } = retellWebhook('call_ended')
  expect(verdict(body, await symmetric.sign(body.toString(), apiKey, now.getTime() + offMs))).toBe(outcome)
})

test('known bug 2: verification is synchronous, so that no caller can forget to await it', () => {
  const { body } = retellWebhook('call_ended')
  expect(
    retell.verify({ headers: { 'x-retell-signature': signRetell(body, apiKey, now.getTime()) }, rawBody: body }, [apiKey], now),
  ).toBeUndefined()
})

test('known bug 3: a plain HMAC of the body, without the timestamp, is refused', () => {
  const { body } = retellWebhook('call_ended')
  const digest = createHmac('sha256', apiKey).update(body).digest('hex')
  expect(verdict(body, `v=${now.getTime()},d=${digest}`)).toBe('signature_invalid')
  expect(verdict(body, digest)).toBe('signature_malformed')
})

test('the previous key still signs during a rotation, a third one does not', () => {
  const { body } = retellWebhook('call_ended')
  const sign = (key: string) => signRetell(body, key, now.getTime())
  expect(verdict(body, sign('previous'), ['current', 'previous'])).toBe('accepted')
  expect(verdict(body, sign('current'), ['current', 'previous'])).toBe('accepted')
  expect(verdict(body, sign('older'), ['current', 'previous'])).toBe('signature_invalid')
})

test('no key and an empty key verify nothing', () => {
  const { body } = retellWebhook('call_ended')
  expect(verdict(body, signRetell(body, '', now.getTime()), [])).toBe('signature_invalid')
  expect(verdict(body, signRetell(body, '', now.getTime()), [''])).toBe('signature_invalid')
})

test('a digit moved between body and timestamp is refused', () => {
  const body = Buffer.from('{"n":1}1')
  const header = signRetell(body, apiKey, 795_165_200_000)
  const digest = header.slice(header.indexOf('d=') + 2)
  expect(verdict(Buffer.from('{"n":1}'), `v=1795165200000,d=${digest}`, [apiKey], new Date(1_795_165_200_000))).toBe('accepted')
  // The sum of both is the same text, so only the tolerance tells them apart; a leading zero must not help.
  expect(verdict(body, header, [apiKey], new Date(1_795_165_200_000))).toBe('timestamp_out_of_tolerance')
  const zero = signRetell(Buffer.from('{"n":1}0'), apiKey, now.getTime())
  expect(verdict(Buffer.from('{"n":1}'), zero.replace('v=', 'v=0'))).toBe('signature_malformed')
})

test.each([
  [undefined, 'signature_missing'],
  ['', 'signature_missing'],
  ['v=1,d=', 'signature_malformed'],
  [`v=,d=${'a'.repeat(64)}`, 'signature_malformed'],
  [`v=-1,d=${'a'.repeat(64)}`, 'signature_malformed'],
  [`v=1e12,d=${'a'.repeat(64)}`, 'signature_malformed'],
  [`v=${'9'.repeat(400)},d=${'a'.repeat(64)}`, 'signature_malformed'],
  [`v=1,d=${'a'.repeat(63)}`, 'signature_malformed'],
  [`v=1,d=${'a'.repeat(65)}`, 'signature_malformed'],
  [`v=1,d=${'g'.repeat(64)}`, 'signature_malformed'],
  [`v=1,d=${'a'.repeat(64)}\n`, 'signature_malformed'],
  [` v=1,d=${'a'.repeat(64)}`, 'signature_malformed'],
  [`v=1,d=${'a'.repeat(64)}, v=1,d=${'a'.repeat(64)}`, 'signature_malformed'],
  [`v=1,d=${'a'.repeat(64)}`, 'signature_invalid'],
])('the header %j is %s', (header, code) => {
  expect(verdict(retellWebhook('call_ended').body, header)).toBe(code)
})

test('no changed bit of body or header is accepted', () => {
  const { body } = retellWebhook('call_ended')
  const header = signRetell(body, apiKey, now.getTime())
  const accepted = [
    ...everyBitFlip(body).filter((flipped) => verdict(flipped, header) === 'accepted'),
    ...everyBitFlip(Buffer.from(header))
      .map((flipped) => flipped.toString('latin1'))
      // Hex may be written in either case.
      .filter((flipped) => flipped.toLowerCase() !== header && verdict(body, flipped) === 'accepted'),
  ]
  expect(accepted).toEqual([])
})

test('known bug 1: no truncated, extended or re-serialised body is accepted', () => {
  for (const source of sourceBodies) {
    const body = Buffer.from(source)
    const header = signRetell(body, apiKey, now.getTime())
    expect(verdict(body, header)).toBe('accepted')
    const parsed: unknown = JSON.parse(source)
    for (const changed of [JSON.stringify(parsed), JSON.stringify(parsed, null, 2), `${source} `, `${source}\n`, `\uFEFF${source}`]) {
      expect(verdict(Buffer.from(changed), header)).toBe('signature_invalid')
    }
    for (let length = 0; length < body.length; length++) expect(verdict(body.subarray(0, length), header)).toBe('signature_invalid')
  }
})

test('no made-up header is accepted or ends in anything but a refusal', () => {
  const { body } = retellWebhook('call_ended')
  const madeUp = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^v=\d{0,20},d=[0-9a-f]{0,70}$/),
    fc.stringMatching(/^v=179516520\d{4},d=[0-9a-f]{64}$/),
  )
  fc.assert(
    fc.property(madeUp, fc.array(fc.string()), (header, secrets) => {
      expect(() => verify(body, header, secrets)).toThrow(FrontdeskError)
    }),
    { numRuns: 500 },
  )
})

test('a digest in capitals is accepted, as Retell’s own SDK does', () => {
  const { body } = retellWebhook('call_ended')
  const header = signRetell(body, apiKey, now.getTime())
  expect(
    verdict(
      body,
      header.replace(/d=.*/, (digest) => `d=${digest.slice(2).toUpperCase()}`),
    ),
  ).toBe('accepted')
})
