import { expect, test } from 'vitest'
import { newPrice } from './price.ts'
import { newSubscription, settled, type SubscriptionDetails, unsettled } from './subscription.ts'
import type { SubscriptionStatus } from './types.ts'

const price = newPrice('price_1', { currency: 'EUR', product: 'prod_1', unit_amount: 100, recurring: { interval: 'month' } }, 0)
const details: SubscriptionDetails = {
  id: 'sub_1',
  customer: 'cus_1',
  items: [{ id: 'si_1', price, quantity: 1, metadata: {} }],
  trialEnd: null,
  metadata: {},
  description: null,
  billingMode: 'flexible',
  collectionMethod: 'charge_automatically',
  daysUntilDue: null,
  defaultPaymentMethod: null,
  cancelAtPeriodEnd: false,
}
const inStatus = (status: SubscriptionStatus) => ({ ...newSubscription(details, 1_000), status })

test.each<[SubscriptionStatus, settled: SubscriptionStatus, unsettled: SubscriptionStatus]>([
  ['incomplete', 'active', 'incomplete'],
  ['trialing', 'trialing', 'past_due'],
  ['active', 'active', 'past_due'],
  ['past_due', 'active', 'past_due'],
  ['paused', 'paused', 'paused'],
  ['canceled', 'canceled', 'canceled'],
  ['incomplete_expired', 'incomplete_expired', 'incomplete_expired'],
])('%s becomes %s when its invoice is paid and %s when that fails', (status, paid, failed) => {
  expect(settled(inStatus(status)).status).toBe(paid)
  expect(unsettled(inStatus(status)).status).toBe(failed)
})

test('a subscription can begin with its end in sight', () => {
  expect(newSubscription({ ...details, cancelAtPeriodEnd: true }, 0)).toMatchObject({
    cancel_at_period_end: true,
    cancel_at: 31 * 86_400,
    canceled_at: 0,
  })
})
