import { expect, test } from 'vitest'
import { secrets, startHarness, subscribed } from './harness.ts'

test('every event arrives as a webhook that the official SDK verifies', async () => {
  await using harness = await startHarness()
  await subscribed(harness)
  const received = await harness.webhooks(8)
  const { events } = await harness.control<{ events: { id: string }[] }>('GET', '/state/stripe')
  const verified = received.map(({ body, headers }) =>
    harness.stripe.webhooks.constructEvent(body, headers['stripe-signature'] ?? '', secrets.STRIPE_WEBHOOK_SECRET),
  )
  expect(new Set(verified.map(({ id }) => id))).toEqual(new Set(events.map(({ id }) => id)))
  expect(new Set(received.map(({ path }) => path))).toEqual(new Set(['/v1/webhooks/stripe']))
})

test('a webhook that is refused is sent again, signed anew', async () => {
  await using harness = await startHarness()
  harness.ingress.planned.push(500, 503)
  await harness.stripe.customers.create({ name: 'Ada' })
  const received = await harness.webhooks(3)
  expect(new Set(received.map(({ body }) => body.toString())).size).toBe(1)
})

test('what nobody takes is given up', async () => {
  await using harness = await startHarness()
  harness.ingress.planned.push(500, 500, 500, 500)
  await harness.stripe.customers.create({ name: 'Ada' })
  await harness.webhooks(4)
  await harness.stripe.customers.create({ name: 'Bob' })
  const received = await harness.webhooks(5)
  expect(received.at(-1)?.body.toString()).toContain('Bob')
})

test('held webhooks are sent by nobody until taken, and taken once', async () => {
  await using harness = await startHarness()
  await harness.control('PUT', '/webhooks', { mode: 'held' })
  await harness.stripe.customers.create({ name: 'Ada' })
  const taken = await harness.control<{ webhooks: { provider: string; path: string; headers: Record<string, string>; body: string }[] }>(
    'GET',
    '/webhooks/held',
  )
  expect(taken.webhooks).toMatchObject([{ provider: 'stripe', path: '/v1/webhooks/stripe' }])
  const [held] = taken.webhooks
  const event = harness.stripe.webhooks.constructEvent(
    held?.body ?? '',
    held?.headers['stripe-signature'] ?? '',
    secrets.STRIPE_WEBHOOK_SECRET,
  )
  expect(event.type).toBe('customer.created')
  expect(await harness.control('GET', '/webhooks/held')).toEqual({ webhooks: [] })
  expect(harness.ingress.received).toEqual([])
  await harness.control('PUT', '/webhooks', { mode: 'live' })
  await harness.stripe.customers.create({ name: 'Bob' })
  await harness.webhooks(1)
})

test('without an ingress webhooks are held, and can not be sent', async () => {
  await using harness = await startHarness({ INGRESS_URL: '' })
  await harness.stripe.customers.create({ name: 'Ada' })
  const { webhooks } = await harness.control<{ webhooks: object[] }>('GET', '/webhooks/held')
  expect(webhooks).toHaveLength(1)
  await expect(harness.control('PUT', '/webhooks', { mode: 'live' })).rejects.toThrow('409')
})
