import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { secrets, startHarness, stripeClient, subscribed } from './harness.ts'

test('the same idempotency key gets the same answer, and makes nothing twice', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  const first = await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'key-1' })
  const again = await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'key-1' })
  expect(again.id).toBe(first.id)
  expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
  expect((await stripe.customers.list()).data).toHaveLength(1)
})

test('an idempotency key of another request is refused', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  await stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'key-1' })
  await expect(stripe.customers.create({ name: 'Bob' }, { idempotencyKey: 'key-1' })).rejects.toBeInstanceOf(
    Stripe.errors.StripeIdempotencyError,
  )
})

test('a refusal that came after the parameters were read is repeated for its key', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  const wanted = { customer: 'cus_none', items: [{ price: 'price_none' }] }
  await expect(stripe.subscriptions.create(wanted, { idempotencyKey: 'key-1' })).rejects.toMatchObject({ code: 'resource_missing' })
  await expect(stripe.subscriptions.create(wanted, { idempotencyKey: 'key-1' })).rejects.toMatchObject({
    code: 'resource_missing',
    headers: { 'idempotent-replayed': 'true' },
  })
})

test.each([
  ['another key', 'sk_test_other', 'Invalid API Key provided'],
  ['an empty one', ' ', 'You did not provide an API key'],
])('%s is not let in', async (_what, key, message) => {
  await using harness = await startHarness()
  const client = stripeClient(harness.stripeUrl, { key })
  await expect(client.customers.list()).rejects.toBeInstanceOf(Stripe.errors.StripeAuthenticationError)
  await expect(client.customers.list()).rejects.toThrow(message)
})

test('another API version is refused rather than answered in the wrong shapes', async () => {
  await using harness = await startHarness()
  const response = await fetch(`${harness.stripeUrl}/v1/customers`, {
    headers: { authorization: `Bearer ${secrets.STRIPE_API_KEY}`, 'stripe-version': '2020-08-27' },
  })
  expect(response.status).toBe(400)
})

test.each([
  ['an unknown parameter', { nme: 'Ada' }, { code: 'parameter_unknown', param: 'nme' }],
  ['a nested unknown one', { invoice_settings: { fotter: 'x' } }, { code: 'parameter_unknown', param: 'invoice_settings[fotter]' }],
])('%s is named', async (_what, parameters, error) => {
  await using harness = await startHarness()
  await expect(harness.stripe.customers.create(parameters as Stripe.CustomerCreateParams)).rejects.toMatchObject({
    statusCode: 400,
    ...error,
  })
})

test('a missing parameter and an ill one are named', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  await expect(stripe.subscriptions.create({ items: [{ price: 'x' }] })).rejects.toMatchObject({
    code: 'parameter_missing',
    param: 'customer',
  })
  await expect(stripe.customers.list({ limit: 101 })).rejects.toMatchObject({ statusCode: 400, param: 'limit' })
})

test('an object that is not there is a 404 in the path and a 400 in a parameter', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  await expect(stripe.customers.retrieve('cus_none')).rejects.toMatchObject({
    statusCode: 404,
    code: 'resource_missing',
    message: "No such customer: 'cus_none'",
  })
  await expect(stripe.subscriptions.create({ customer: 'cus_none', items: [{ price: 'x' }] })).rejects.toMatchObject({
    statusCode: 400,
    param: 'customer',
  })
  await expect(stripe.paymentIntents.list()).rejects.toMatchObject({ statusCode: 404 })
})

test('a list comes in pages, newest first, from either side', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  const ids: string[] = []
  for (const name of ['A', 'B', 'C', 'D', 'E']) ids.unshift((await stripe.customers.create({ name })).id)
  const page = await stripe.customers.list({ limit: 2 })
  expect(page).toMatchObject({ has_more: true, data: [{ id: ids[0] }, { id: ids[1] }] })
  expect(await stripe.customers.list({ limit: 2, ending_before: ids[4]! })).toMatchObject({
    has_more: true,
    data: [{ id: ids[2] }, { id: ids[3] }],
  })
  const all: string[] = []
  for await (const { id } of stripe.customers.list({ limit: 2 })) all.push(id)
  expect(all).toEqual(ids)
})

test('ids become objects where expand says so, and not otherwise', async () => {
  await using harness = await startHarness()
  const { subscription, customer } = await subscribed(harness)
  const { stripe } = harness
  const expanded = await stripe.subscriptions.list({ expand: ['data.customer', 'data.latest_invoice'] })
  expect(expanded.data[0]).toMatchObject({ customer: { id: customer.id }, latest_invoice: { object: 'invoice' } })
  await expect(stripe.subscriptions.retrieve(subscription.id, { expand: ['nonsense'] })).rejects.toMatchObject({ param: 'expand' })
})

test('metadata is merged, and an empty value takes its key away', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  const { id } = await stripe.customers.create({ name: 'Ada', metadata: { a: '1', b: '2' } })
  expect(await stripe.customers.update(id, { name: '', metadata: { a: '', c: '3' } })).toMatchObject({
    name: null,
    metadata: { b: '2', c: '3' },
  })
})

test('a hostile form reaches no prototype', async () => {
  await using harness = await startHarness()
  const response = await fetch(`${harness.stripeUrl}/v1/customers`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${secrets.STRIPE_API_KEY}:`).toString('base64')}` },
    body: 'metadata[__proto__][polluted]=1&__proto__[polluted]=1&constructor[prototype][polluted]=1',
  })
  expect(await response.json()).toMatchObject({ object: 'customer', metadata: {} })
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})
