import { eventually } from '@frontdesk/testing'
import { Stripe } from 'stripe'
import { expect, test } from 'vitest'
import { type Harness, startHarness, stripeClient } from './harness.ts'

const customersOf = async ({ control }: Harness) => (await control<{ customers: object[] }>('GET', '/state/stripe')).customers.length
const plant = ({ control }: Harness, kind: string, more: object = {}) =>
  control('PUT', '/faults', { provider: 'stripe', kind, times: 1, ...more })

test('rate_limited is refused in the provider’s own shape with Retry-After, and nothing happened', async () => {
  await using harness = await startHarness()
  await plant(harness, 'rate_limited')
  await expect(harness.stripe.customers.create({})).rejects.toMatchObject({
    statusCode: 429,
    code: 'rate_limit',
    headers: { 'retry-after': '1' },
  })
  expect(await customersOf(harness)).toBe(0)
  await harness.stripe.customers.create({})
  expect(await customersOf(harness)).toBe(1)
})

test('error_before is a 500 without its effect', async () => {
  await using harness = await startHarness()
  await plant(harness, 'error_before')
  await expect(harness.stripe.customers.create({})).rejects.toBeInstanceOf(Stripe.errors.StripeAPIError)
  expect(await customersOf(harness)).toBe(0)
})

test('error_after is a 500 with its effect; the same idempotency key then gets the answer', async () => {
  await using harness = await startHarness()
  await plant(harness, 'error_after')
  await expect(harness.stripe.customers.create({}, { idempotencyKey: 'k' })).rejects.toMatchObject({ statusCode: 500 })
  expect(await customersOf(harness)).toBe(1)
  const { lastResponse } = await harness.stripe.customers.create({}, { idempotencyKey: 'k' })
  expect(lastResponse.headers['idempotent-replayed']).toBe('true')
  expect(await customersOf(harness)).toBe(1)
})

test('disconnect_after has its effect and breaks the connection', async () => {
  await using harness = await startHarness()
  await plant(harness, 'disconnect_after', { times: 2 })
  // The SDK itself tries once more on a closed connection.
  await expect(harness.stripe.customers.create({}, { idempotencyKey: 'k' })).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError)
  expect(await customersOf(harness)).toBe(1)
})

test('hang_after has its effect and never answers', async () => {
  await using harness = await startHarness()
  await plant(harness, 'hang_after')
  const impatient = stripeClient(harness.stripeUrl, { timeout: 200 })
  await expect(impatient.customers.create({})).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError)
  expect(await customersOf(harness)).toBe(1)
})

test('a request that hangs does not keep the sandbox from stopping', async () => {
  const harness = await startHarness()
  await plant(harness, 'hang_after')
  const hanging = harness.stripe.customers.create({}, { timeout: 5_000 }).catch((error: unknown) => error)
  await eventually(async () => expect(await customersOf(harness)).toBe(1))
  await harness[Symbol.asyncDispose]()
  expect(await hanging).toBeInstanceOf(Stripe.errors.StripeConnectionError)
})

test('hang_after and slow answer after their delay', async () => {
  await using harness = await startHarness()
  await plant(harness, 'hang_after', { delayMs: 60 })
  await plant(harness, 'slow', { delayMs: 60 })
  const began = performance.now()
  await harness.stripe.customers.create({})
  expect(performance.now() - began).toBeGreaterThanOrEqual(59)
  await harness.stripe.customers.create({})
  expect(performance.now() - began).toBeGreaterThanOrEqual(118)
  expect(await customersOf(harness)).toBe(2)
})

test('a fault hits its path as often as it is told to, and until it is taken away', async () => {
  await using harness = await startHarness()
  await harness.control('PUT', '/faults', { provider: 'stripe', kind: 'error_before', pathPrefix: '/v1/customers' })
  await harness.control('PUT', '/faults', { provider: 'whatsapp', kind: 'error_before', times: 2 })
  const { faults } = await harness.control<{ faults: object[] }>('GET', '/faults')
  expect(faults).toHaveLength(2)
  await expect(harness.stripe.customers.list()).rejects.toMatchObject({ statusCode: 500 })
  await expect(harness.stripe.customers.list()).rejects.toMatchObject({ statusCode: 500 })
  await expect(harness.stripe.events.list()).resolves.toMatchObject({ data: [] })
  await harness.control('DELETE', '/faults')
  await expect(harness.stripe.customers.list()).resolves.toMatchObject({ data: [] })
})

test('every request is in the log, newest first, without its credentials', async () => {
  await using harness = await startHarness()
  await plant(harness, 'error_after')
  await expect(harness.stripe.customers.create({ name: 'Ada', metadata: { a: '1' } })).rejects.toThrow(/./)
  await harness.stripe.customers.list({ limit: 1 })
  await fetch(`${harness.whatsappUrl}/v26.0/1/messages`, { method: 'POST', body: '{"to":1}' })
  const { requests } = await harness.control<{ requests: object[] }>('GET', '/requests')
  expect(requests).toMatchObject([
    { provider: 'whatsapp', method: 'POST', path: '/v26.0/1/messages', status: 401, body: { to: 1 }, fault: null },
    {
      provider: 'stripe',
      method: 'GET',
      path: '/v1/customers?limit=1',
      status: 200,
      body: null,
      fault: null,
      headers: { authorization: '[redacted]' },
    },
    {
      provider: 'stripe',
      method: 'POST',
      path: '/v1/customers',
      status: 500,
      body: { name: 'Ada', metadata: { a: '1' } },
      fault: 'error_after',
    },
  ])
  expect(JSON.stringify(requests)).not.toContain('sk_test_sandbox')
  const filtered = await harness.control<{ requests: object[] }>('GET', '/requests?provider=stripe&limit=1')
  expect(filtered.requests).toMatchObject([{ path: '/v1/customers?limit=1' }])
})

test('reset forgets everything', async () => {
  await using harness = await startHarness()
  await plant(harness, 'slow', { pathPrefix: '/v1/none' })
  await harness.stripe.customers.create({})
  await harness.control('POST', '/reset')
  expect(await customersOf(harness)).toBe(0)
  expect(await harness.control('GET', '/faults')).toEqual({ faults: [] })
  expect(await harness.control('GET', '/requests')).toEqual({ requests: [] })
})

test.each([
  ['PUT', '/faults', { provider: 'stripe', kind: 'explode' }, '400'],
  ['PUT', '/webhooks', { mode: 'off' }, '400'],
  ['GET', '/requests?limit=0', undefined, '400'],
  ['GET', '/nothing', undefined, '404'],
] as const)('the control API refuses %s %s that it can not read', async (method, path, body, status) => {
  await using harness = await startHarness()
  await expect(harness.control(method, path, body)).rejects.toThrow(status)
})
