import { expect, test } from 'vitest'
import { customerAndPrice, startHarness, subscribed } from './harness.ts'

const monthly = { currency: 'eur', unit_amount: 100, recurring: { interval: 'month' as const } }

test('a price is found by its lookup key, its product, and its id', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  const product = await stripe.products.create({ id: 'prod_starter', name: 'Starter', metadata: { plan: 'starter' } })
  expect(await stripe.products.retrieve('prod_starter')).toMatchObject({ name: 'Starter', metadata: { plan: 'starter' } })
  const price = await stripe.prices.create({ ...monthly, product: product.id, lookup_key: 'starter' })
  await stripe.prices.create({ ...monthly, product_data: { name: 'Pro' }, lookup_key: 'pro' })
  const idsOf = async (parameters: object) => (await stripe.prices.list(parameters)).data.map(({ id }) => id)
  expect(await idsOf({ lookup_keys: ['starter'] })).toEqual([price.id])
  expect(await idsOf({ product: product.id, active: true })).toEqual([price.id])
  expect(await stripe.prices.retrieve(price.id, { expand: ['product'] })).toMatchObject({ product: { name: 'Starter' } })
})

test('a product and a price that lack something, or name nothing, are refused', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  await stripe.products.create({ id: 'prod_1', name: 'Starter' })
  await expect(stripe.products.create({ id: 'prod_1', name: 'Again' })).rejects.toMatchObject({ code: 'resource_already_exists' })
  await expect(stripe.products.retrieve('prod_2')).rejects.toMatchObject({ statusCode: 404 })
  await expect(stripe.prices.retrieve('price_2')).rejects.toMatchObject({ statusCode: 404 })
  await expect(stripe.prices.create(monthly)).rejects.toMatchObject({ code: 'parameter_missing', param: 'product' })
  await expect(stripe.prices.create({ ...monthly, product: 'prod_2' })).rejects.toMatchObject({ statusCode: 400, param: 'product' })
  const metered = { ...monthly.recurring, usage_type: 'metered' as const, meter: 'mtr_2' }
  await expect(stripe.prices.create({ ...monthly, product: 'prod_1', recurring: metered })).rejects.toMatchObject({
    param: 'recurring[meter]',
  })
})

test('a price for one time is no price of a subscription', async () => {
  await using harness = await startHarness()
  const { customer } = await customerAndPrice(harness)
  const once = await harness.stripe.prices.create({ currency: 'eur', unit_amount: 100, product_data: { name: 'Setup' } })
  expect(once).toMatchObject({ type: 'one_time', recurring: null })
  const created = harness.stripe.subscriptions.create({ customer: customer.id, items: [{ price: once.id }] })
  await expect(created).rejects.toMatchObject({ statusCode: 400, param: 'items[0][price]' })
})

test('an item that is added later ends its first period with the others, and is then billed with them', async () => {
  await using harness = await startHarness()
  const { stripe, clock, control } = harness
  const { subscription } = await subscribed(harness)
  clock.now = new Date('2026-11-20T00:00:00Z')
  const extra = await stripe.prices.create({ ...monthly, product_data: { name: 'Extra' } })
  const { items } = await stripe.subscriptions.update(subscription.id, { items: [{ price: extra.id, quantity: 3 }] })
  expect(items.data.map((item) => item.current_period_end)).toEqual(
    Array.from({ length: 2 }, () => subscription.items.data[0]?.current_period_end),
  )
  await control('POST', `/stripe/subscriptions/${subscription.id}/renew`)
  const { data } = await stripe.invoices.list({ subscription: subscription.id, limit: 1 })
  expect(data[0]).toMatchObject({ amount_due: 4_900 + 300, lines: { data: [{ quantity: 1 }, { quantity: 3 }] } })
  const nameless = stripe.subscriptions.update(subscription.id, { items: [{ quantity: 1 }] })
  await expect(nameless).rejects.toMatchObject({ code: 'parameter_missing', param: 'items[0][price]' })
  await expect(stripe.subscriptions.update(subscription.id, { items: [{ id: 'si_none' }] })).rejects.toMatchObject({
    param: 'items[0][id]',
  })
})

test('an invoice that is sent stays open until it is paid, and its subscription is active', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  const { customer, price, subscription } = await subscribed(harness, { collection_method: 'send_invoice', days_until_due: 14 })
  const invoice = await stripe.invoices.retrieve(subscription.latest_invoice as string)
  expect(invoice).toMatchObject({ status: 'open', due_date: Date.parse('2026-11-16T09:00:00Z') / 1_000 })
  expect(subscription.status).toBe('active')
  await expect(
    stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }], collection_method: 'send_invoice' }),
  ).rejects.toMatchObject({ param: 'days_until_due' })
  expect(await stripe.invoices.pay(invoice.id, { paid_out_of_band: true })).toMatchObject({ status: 'paid' })
})

test('invoices are numbered for each customer, and are found by customer, subscription and status', async () => {
  await using harness = await startHarness()
  const { stripe, control } = harness
  const first = await subscribed(harness)
  const second = await subscribed(harness)
  const renewed = async () => {
    const { invoice } = await control<{ invoice: { id: string } }>('POST', `/stripe/subscriptions/${first.subscription.id}/renew`, {
      outcome: 'draft',
    })
    return invoice.id
  }
  const drafts = [await renewed(), await renewed()]
  expect((await stripe.invoices.list({ status: 'draft' })).data.map(({ id }) => id)).toEqual(drafts.toReversed())
  for (const id of drafts) await stripe.invoices.finalizeInvoice(id)
  await expect(stripe.invoices.finalizeInvoice(drafts[0] ?? '')).rejects.toMatchObject({ statusCode: 400 })
  const { data } = await stripe.invoices.list({ customer: first.customer.id })
  expect(data.map(({ number }) => number?.split('-')[1])).toEqual(['0003', '0002', '0001'])
  expect((await stripe.invoices.list({ subscription: second.subscription.id })).data).toHaveLength(1)
  await expect(stripe.invoices.retrieve('in_none')).rejects.toMatchObject({ statusCode: 404 })
})

test('events are found by their types and their time', async () => {
  await using harness = await startHarness()
  const { stripe, clock } = harness
  await stripe.customers.create({})
  clock.now = new Date(clock.now.getTime() + 60_000)
  await customerAndPrice(harness)
  const created = Math.floor(clock.now.getTime() / 1_000)
  const typesOf = async (parameters: object) => (await stripe.events.list(parameters)).data.map(({ type }) => type)
  expect(await typesOf({ types: ['customer.created', 'price.created'] })).toEqual(['price.created', 'customer.created', 'customer.created'])
  expect(await typesOf({ created: { gte: created } })).toEqual(['price.created', 'customer.created'])
  expect(await typesOf({ created: { lt: created, gt: 0, lte: created } })).toEqual(['customer.created'])
  await expect(stripe.events.retrieve('evt_none')).rejects.toMatchObject({ statusCode: 404 })
})

test('trials that contradict themselves are refused', async () => {
  await using harness = await startHarness()
  await expect(subscribed(harness, { trial_end: 1 })).rejects.toMatchObject({ param: 'trial_end' })
  await expect(subscribed(harness, { trial_end: 1_900_000_000, trial_period_days: 3 })).rejects.toMatchObject({
    code: 'parameters_exclusive',
  })
  expect((await subscribed(harness, { trial_end: 1_900_000_000 })).subscription).toMatchObject({
    status: 'trialing',
    trial_end: 1_900_000_000,
  })
  expect((await subscribed(harness, { trial_end: 'now' })).subscription).toMatchObject({ status: 'active', trial_end: null })
})
