import { createHmac } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import fc from 'fast-check'
import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { codeOf, everyBitFlip, onlyEvent, sourceBodies } from '../../test/support.ts'
import { stripeWebhook } from '../testing.ts'
import { stripe } from './index.ts'
import { signStripe } from './signature.ts'

const secret = 'whsec_Jx9cT2mB7oQeYw4Z1uR8vK5n'
const now = new Date('2026-11-20T09:00:00Z')
const nowSeconds = now.getTime() / 1_000
const sdk = new Stripe('sk_test_none')
const { body } = stripeWebhook('invoice.paid')

function verify(rawBody: Buffer, header: string | undefined, secrets: readonly string[] = [secret], at: Date = now): void {
  stripe.verify({ headers: { 'stripe-signature': header }, rawBody }, secrets, at)
}

const verdict = (...call: Parameters<typeof verify>) => codeOf(() => verify(...call))
const sdkSign = (payload: Buffer, timestamp = nowSeconds, key = secret) =>
  sdk.webhooks.generateTestHeaderString({ payload: payload.toString(), secret: key, timestamp })
const v1Of = (header: string) => header.slice(header.indexOf('v1='))

test('what Stripe’s own SDK signs is accepted, and what we sign its SDK accepts', () => {
  for (const payload of [body, stripeWebhook('customer.subscription.updated').body, ...sourceBodies.map((source) => Buffer.from(source))]) {
    expect(verdict(payload, sdkSign(payload))).toBe('accepted')
    expect(signStripe(payload, secret, now.getTime() + 999)).toBe(sdkSign(payload))
  }
  expect(sdk.webhooks.constructEvent(body, signStripe(body, secret, Date.now()), secret)).toMatchObject({ type: 'invoice.paid' })
})

test('known bug 10: a thin event verifies at the same endpoint and is understood, where the SDK’s constructEvent throws', () => {
  const thin = stripeWebhook('v1.billing.meter.error_report_triggered').body
  const header = sdkSign(thin)
  expect(() => sdk.webhooks.constructEvent(thin, header, secret, Infinity)).toThrow(/thin event/)
  expect(verdict(thin, header)).toBe('accepted')
  expect(onlyEvent(stripe, thin).type).toBe('frontdesk.meter.failed.v1')
})

test.each([
  [-301, 'timestamp_out_of_tolerance'],
  [-300, 'accepted'],
  [-299, 'accepted'],
  [299, 'accepted'],
  [300, 'accepted'],
  [301, 'timestamp_out_of_tolerance'],
  [86_400, 'timestamp_out_of_tolerance'],
])('known bug 10: a timestamp that is off by %i s is %s, though the SDK minds the past alone', (offSeconds, outcome) => {
  expect(verdict(body, sdkSign(body, nowSeconds + offSeconds))).toBe(outcome)
})

test('known bug 10: of several v1 signatures any one may match, the second as well', () => {
  const [good, other] = [v1Of(sdkSign(body)), v1Of(sdkSign(body, nowSeconds, 'whsec_rolled'))]
  expect(verdict(body, `t=${nowSeconds},${other},${good}`)).toBe('accepted')
  expect(verdict(body, `t=${nowSeconds},${good},${other}`)).toBe('accepted')
  expect(verdict(body, `t=${nowSeconds},${good},v0=${'0'.repeat(64)}`)).toBe('accepted')
  expect(verdict(body, `t=${nowSeconds},v0=${'0'.repeat(64)},v2=abc,${good}`)).toBe('accepted')
  expect(verdict(body, `t=${nowSeconds},${other},${other}`)).toBe('signature_invalid')
})

test('a signature of another scheme is none, even if it is right', () => {
  const digest = v1Of(sdkSign(body)).slice('v1='.length)
  for (const scheme of ['v0', 'v2', 'v10', 'v']) expect(verdict(body, `t=${nowSeconds},${scheme}=${digest}`)).toBe('signature_malformed')
})

test('the key is the whole whsec_ text, neither its rest nor what that decodes to', () => {
  const rest = secret.slice('whsec_'.length)
  const sign = (key: string | Buffer) =>
    `t=${nowSeconds},v1=${createHmac('sha256', key).update(`${nowSeconds}.`).update(body).digest('hex')}`
  expect(verdict(body, sign(secret))).toBe('accepted')
  expect(verdict(body, sign(rest))).toBe('signature_invalid')
  expect(verdict(body, sign(Buffer.from(rest, 'base64')))).toBe('signature_invalid')
})

test('a plain HMAC of the body, without the timestamp, is refused', () => {
  const digest = createHmac('sha256', secret).update(body).digest('hex')
  expect(verdict(body, `t=${nowSeconds},v1=${digest}`)).toBe('signature_invalid')
})

test('a wrong key is told from a wrong clock: the signature is checked before its age', () => {
  expect(verdict(body, sdkSign(body, nowSeconds - 3_600, 'whsec_other'))).toBe('signature_invalid')
})

test('the previous secret still signs during a rotation, a third one does not', () => {
  const sign = (key: string) => sdkSign(body, nowSeconds, key)
  expect(verdict(body, sign('whsec_previous'), ['whsec_current', 'whsec_previous'])).toBe('accepted')
  expect(verdict(body, sign('whsec_current'), ['whsec_current', 'whsec_previous'])).toBe('accepted')
  expect(verdict(body, sign('whsec_older'), ['whsec_current', 'whsec_previous'])).toBe('signature_invalid')
})

test('no secret and an empty secret verify nothing', () => {
  expect(verdict(body, signStripe(body, '', now.getTime()), [])).toBe('signature_invalid')
  expect(verdict(body, signStripe(body, '', now.getTime()), [''])).toBe('signature_invalid')
})

test('verification is synchronous, so that no caller can forget to await it', () => {
  expect(stripe.verify({ headers: { 'stripe-signature': sdkSign(body) }, rawBody: body }, [secret], now)).toBeUndefined()
})

const digest = 'a'.repeat(64)
test.each([
  [undefined, 'signature_missing'],
  ['', 'signature_missing'],
  [`v1=${digest}`, 'signature_malformed'],
  [`t=1`, 'signature_malformed'],
  [`t=1,v1=`, 'signature_malformed'],
  [`t=,v1=${digest}`, 'signature_malformed'],
  [`t=01,v1=${digest}`, 'signature_malformed'],
  [`t=-1,v1=${digest}`, 'signature_malformed'],
  [`t=1e9,v1=${digest}`, 'signature_malformed'],
  [`t=${'9'.repeat(400)},v1=${digest}`, 'signature_malformed'],
  [`t=1,t=2,v1=${digest}`, 'signature_malformed'],
  [`t=1,v1=${digest},t=2`, 'signature_malformed'],
  [`v1=${digest},t=1`, 'signature_malformed'],
  [`t=1,v1=${'a'.repeat(63)}`, 'signature_malformed'],
  [`t=1,v1=${'a'.repeat(65)}`, 'signature_malformed'],
  [`t=1,v1=${'A'.repeat(64)}`, 'signature_malformed'],
  [`t=1,v1=${'g'.repeat(64)}`, 'signature_malformed'],
  [`t=1,v1=${digest},v1=short`, 'signature_malformed'],
  [`t=1, v1=${digest}`, 'signature_malformed'],
  [`t=1,v1=${digest}\n`, 'signature_malformed'],
  [`t=1,v1=${digest},`, 'signature_malformed'],
  [`t=1,v1=${digest}, t=1,v1=${digest}`, 'signature_malformed'],
  [`t=1${`,v1=${digest}`.repeat(17)}`, 'signature_malformed'],
  [`t=1${`,v1=${digest}`.repeat(16)}`, 'signature_invalid'],
])('the header %j is %s', (header, code) => {
  expect(verdict(body, header)).toBe(code)
})

test('no changed bit of body or header is accepted', () => {
  const header = sdkSign(body)
  expect(everyBitFlip(body).filter((flipped) => verdict(flipped, header) === 'accepted')).toEqual([])
  expect(everyBitFlip(Buffer.from(header)).filter((flipped) => verdict(body, flipped.toString('latin1')) === 'accepted')).toEqual([])
})

test('known bug 1: no truncated, extended or re-serialised body is accepted', () => {
  for (const source of sourceBodies) {
    const payload = Buffer.from(source)
    const header = sdkSign(payload)
    const parsed: unknown = JSON.parse(source)
    for (const changed of [JSON.stringify(parsed), JSON.stringify(parsed, null, 2), `${source} `, `${source}\n`, `\uFEFF${source}`]) {
      expect(verdict(Buffer.from(changed), header)).toBe('signature_invalid')
    }
    for (let length = 0; length < payload.length; length++) expect(verdict(payload.subarray(0, length), header)).toBe('signature_invalid')
  }
})

test('a digit moved between timestamp and body is refused', () => {
  const header = signStripe('5{"n":1}', secret, now.getTime())
  expect(verdict(Buffer.from('{"n":1}'), header.replace(`t=${nowSeconds}`, `t=${nowSeconds}5`))).toBe('signature_invalid')
})

test('no made-up header is accepted or ends in anything but a refusal', () => {
  const madeUp = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^t=\d{0,14}(,v[01]=[0-9a-f]{0,70}){0,3}$/),
    fc.stringMatching(/^t=1795165\d{3}(,v1=[0-9a-f]{64}){1,3}$/),
  )
  fc.assert(
    fc.property(madeUp, fc.array(fc.string()), (header, secrets) => {
      expect(() => verify(body, header, secrets)).toThrow(FrontdeskError)
    }),
    { numRuns: 500 },
  )
})
