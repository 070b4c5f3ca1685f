import { expect, test } from 'vitest'
import { startHarness, type Harness } from './harness.ts'

const now = Date.parse('2026-11-02T09:00:00Z') / 1_000

async function metered({ stripe }: Harness) {
  const customer = await stripe.customers.create({ name: 'Ada' })
  const meter = await stripe.billing.meters.create({
    display_name: 'Minutes',
    event_name: 'call_minutes',
    default_aggregation: { formula: 'sum' },
    customer_mapping: { type: 'by_id', event_payload_key: 'stripe_customer_id' },
    value_settings: { event_payload_key: 'value' },
  })
  const report = (identifier: string, value: string, timestamp = now, event_name = 'call_minutes') =>
    stripe.billing.meterEvents.create({ event_name, identifier, timestamp, payload: { stripe_customer_id: customer.id, value } })
  return { customer, meter, report }
}

test('usage is counted once an identifier: the second of it is refused as Stripe refuses it', async () => {
  await using harness = await startHarness()
  const { report } = await metered(harness)
  expect(await report('use_1', '5')).toMatchObject({ object: 'billing.meter_event', identifier: 'use_1', timestamp: now })
  await expect(report('use_1', '5')).rejects.toMatchObject({ statusCode: 400, message: 'An event already exists with identifier use_1.' })
  const { meterEvents } = await harness.control<{ meterEvents: object[] }>('GET', '/state/stripe')
  expect(meterEvents).toHaveLength(1)
})

test.each([
  ['35 days and a second ago', now - 35 * 86_400 - 1],
  ['5 minutes and a second ahead', now + 301],
])('usage from %s is refused', async (_when, timestamp) => {
  await using harness = await startHarness()
  const { report } = await metered(harness)
  await expect(report('use_1', '5', timestamp)).rejects.toMatchObject({ statusCode: 400, param: 'timestamp' })
  await expect(report('use_1', '5', timestamp < now ? timestamp + 1 : timestamp - 1)).resolves.toMatchObject({ identifier: 'use_1' })
})

test('usage of no meter, of nobody, or of no number is refused', async () => {
  await using harness = await startHarness()
  const { report } = await metered(harness)
  const { meterEvents } = harness.stripe.billing
  await expect(report('use_1', '5', now, 'unheard_of')).rejects.toMatchObject({ statusCode: 400, param: 'event_name' })
  await expect(report('use_1', 'five')).rejects.toMatchObject({ statusCode: 400, param: 'payload[value]' })
  const payload = { stripe_customer_id: 'cus_none', value: '1' }
  await expect(meterEvents.create({ event_name: 'call_minutes', payload })).rejects.toMatchObject({ code: 'resource_missing' })
})

test('a metered price bills the usage of the period that ended', async () => {
  await using harness = await startHarness()
  const { customer, meter, report } = await metered(harness)
  const price = await harness.stripe.prices.create({
    currency: 'eur',
    unit_amount: 10,
    recurring: { interval: 'month', usage_type: 'metered', meter: meter.id },
    product_data: { name: 'Minutes' },
  })
  const subscription = await harness.stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] })
  await report('use_0', '100', now - 60)
  await report('use_1', '7')
  await report('use_2', '5', now + 60)
  await harness.control('POST', `/stripe/subscriptions/${subscription.id}/renew`)
  const { data } = await harness.stripe.invoices.list({ subscription: subscription.id, limit: 1 })
  expect(data[0]).toMatchObject({ amount_due: 120, lines: { data: [{ quantity: 12 }] } })
})

test('two active meters never share an event name', async () => {
  await using harness = await startHarness()
  await metered(harness)
  await expect(metered(harness)).rejects.toMatchObject({ statusCode: 400, param: 'event_name' })
  const { data } = await harness.stripe.billing.meters.list()
  expect(data.map(({ event_name: name, status }) => [name, status])).toEqual([['call_minutes', 'active']])
})
