import { expect, test } from 'vitest'
import { entitlementOf } from './entitlement.ts'
import { invoiceOf } from './invoice-lines.ts'
import { periodUnderWay } from './period.ts'
import { newPlan, type PlanDraft } from './plan.ts'
import { backoffMs } from './backoff.ts'

const euro = (amountMinor: bigint) => ({ amountMinor, currency: 'EUR' })
const draft: PlanDraft = {
  name: ' Salon ',
  baseFee: euro(4_900n),
  includedMinutes: 100n,
  pricePerFurtherMinute: euro(15n),
  pricePerMessage: euro(3n),
  providerPriceId: 'price_1',
}
const plan = newPlan('plan_1', draft)

test('an invoice has its fee, and prices what goes beyond the included minutes', () => {
  const totals = { minutes: 130, recordsOfIncludedMinutes: 40, recordsOfFurtherMinutes: 11, messages: 7, recordsOfMessages: 7 }
  expect(invoiceOf(plan, totals)).toEqual({
    lines: [
      { kind: 'base_fee', quantity: 1, unitPriceMinor: 4_900n, amountMinor: 4_900n, usageRecords: 0 },
      { kind: 'included_minutes', quantity: 100, unitPriceMinor: 0n, amountMinor: 0n, usageRecords: 40 },
      { kind: 'further_minutes', quantity: 30, unitPriceMinor: 15n, amountMinor: 450n, usageRecords: 11 },
      { kind: 'messages', quantity: 7, unitPriceMinor: 3n, amountMinor: 21n, usageRecords: 7 },
    ],
    totalMinor: 5_371n,
  })
})

test.each<[string, Partial<PlanDraft>]>([
  ['name', { name: ' ' }],
  ['name', { name: 'x'.repeat(256) }],
  ['base_fee', { baseFee: undefined }],
  ['base_fee.currency', { baseFee: { amountMinor: 1n, currency: 'eur' } }],
  ['base_fee.currency', { baseFee: { amountMinor: 1n, currency: 'ZZZ' } }],
  ['name', { name: 'a\u0000b' }],
  ['price_per_message.amount_minor', { pricePerMessage: euro(-1n) }],
  ['price_per_message.amount_minor', { pricePerMessage: euro(10n ** 13n) }],
  ['base_fee, price_per_further_minute, price_per_message', { baseFee: { amountMinor: 1n, currency: 'USD' } }],
  ['included_minutes', { includedMinutes: 10n ** 8n }],
  ['provider_price_id', { providerPriceId: '' }],
])('a plan with a wrong %s is refused by its name', (field, overrides) => {
  expect(() => newPlan('plan_1', { ...draft, ...overrides })).toThrow(
    expect.objectContaining({ code: 'invalid_argument', publicMessage: expect.stringContaining(field) }),
  )
})

test('the period is the subscription’s, and without one the month in UTC', () => {
  const now = new Date('2026-12-31T23:59:59Z')
  const subscription = { periodStart: new Date('2026-12-15T10:00:00Z'), periodEnd: new Date('2027-01-15T10:00:00Z') }
  expect(periodUnderWay(subscription, now)).toEqual({ start: subscription.periodStart, end: subscription.periodEnd })
  const month = { start: new Date('2026-12-01T00:00:00Z'), end: new Date('2027-01-01T00:00:00Z') }
  expect(periodUnderWay(undefined, now)).toEqual(month)
  expect(periodUnderWay({ periodStart: undefined, periodEnd: undefined }, now)).toEqual(month)
})

test.each([
  ['active', { allowed: true }],
  ['trialing', { allowed: true }],
  ['past_due', { allowed: true }],
  ['unpaid', { allowed: false, reason: 'inactive' }],
  ['paused', { allowed: false, reason: 'inactive' }],
  ['canceled', { allowed: false, reason: 'inactive' }],
  ['incomplete', { allowed: false, reason: 'inactive' }],
  ['what Stripe invents next', { allowed: false, reason: 'inactive' }],
  [undefined, { allowed: false, reason: 'no_subscription' }],
])('a subscription that is %s entitles or not', (status, entitlement) => {
  expect(entitlementOf(status)).toEqual(entitlement)
})

test('waits double up to the longest, half of each by chance', () => {
  const limits = { firstMs: 100, longestMs: 1_000 }
  expect([1, 2, 3, 4, 5, 1_000].map((attempts) => backoffMs(attempts, limits, () => 1))).toEqual([100, 200, 400, 800, 1_000, 1_000])
  expect(backoffMs(1, limits, () => 0)).toBe(50)
})
