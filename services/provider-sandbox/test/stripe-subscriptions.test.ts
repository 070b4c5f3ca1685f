import { expect, test } from 'vitest'
import { customerAndPrice, eventsOf, startHarness, subscribed } from './harness.ts'

const seconds = (iso: string) => Date.parse(iso) / 1_000

test('a new subscription is active once its first invoice is made, finalized and paid, and each step is an event', async () => {
  await using harness = await startHarness()
  const { stripe } = harness
  const { customer, subscription } = await subscribed(harness)
  expect(subscription).toMatchObject({
    object: 'subscription',
    status: 'active',
    customer: customer.id,
    billing_mode: { type: 'flexible' },
    metadata: { company_id: 'cmp_1' },
  })
  const invoice = await stripe.invoices.retrieve(subscription.latest_invoice as string)
  expect(invoice).toMatchObject({
    status: 'paid',
    amount_due: 4_900,
    amount_paid: 4_900,
    amount_remaining: 0,
    currency: 'eur',
    billing_reason: 'subscription_create',
    parent: { type: 'subscription_details', subscription_details: { subscription: subscription.id, metadata: { company_id: 'cmp_1' } } },
  })
  expect(await eventsOf(harness, subscription.id)).toEqual(['customer.subscription.created', 'customer.subscription.updated'])
  expect(await eventsOf(harness, invoice.id)).toEqual(['invoice.created', 'invoice.finalized', 'invoice.paid', 'invoice.payment_succeeded'])
  const [item] = subscription.items.data
  expect(item).toMatchObject({ current_period_start: seconds('2026-11-02T09:00:00Z'), current_period_end: seconds('2026-12-02T09:00:00Z') })
})

test('an event shows the object as it was then, and what it was before', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  const { data } = await harness.stripe.events.list({ type: 'customer.subscription.updated' })
  expect(data).toHaveLength(1)
  const event = await harness.stripe.events.retrieve(data[0]?.id ?? '')
  expect(event).toMatchObject({
    object: 'event',
    api_version: '2026-10-28.endive',
    livemode: false,
    created: seconds('2026-11-02T09:00:00Z'),
    data: { object: { id: subscription.id, status: 'active' }, previous_attributes: { status: 'incomplete' } },
  })
  expect(event.data.previous_attributes).toEqual({ status: 'incomplete' })
  expect(event.request?.id).toBe(subscription.lastResponse.requestId)
})

test('renewing moves the period on by a month and bills it', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  await harness.control('POST', `/stripe/subscriptions/${subscription.id}/renew`)
  const renewed = await harness.stripe.subscriptions.retrieve(subscription.id)
  expect(renewed.items.data[0]).toMatchObject({
    current_period_start: seconds('2026-12-02T09:00:00Z'),
    current_period_end: seconds('2027-01-02T09:00:00Z'),
  })
  const { data } = await harness.stripe.invoices.list({ subscription: subscription.id })
  expect(data.map(({ billing_reason: reason, status }) => [reason, status])).toEqual([
    ['subscription_cycle', 'paid'],
    ['subscription_create', 'paid'],
  ])
  expect(renewed.latest_invoice).toBe(data[0]?.id)
})

test('a renewal that can not be collected is past due until it is paid', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  const { invoice } = await harness.control<{ invoice: { id: string } }>('POST', `/stripe/subscriptions/${subscription.id}/renew`, {
    outcome: 'failed',
  })
  expect(await harness.stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'past_due' })
  expect(await harness.stripe.invoices.retrieve(invoice.id)).toMatchObject({ status: 'open', attempt_count: 1, attempted: true })
  const paid = await harness.stripe.invoices.pay(invoice.id)
  expect(paid).toMatchObject({ status: 'paid', amount_paid: 4_900 })
  expect(await harness.stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'active' })
  expect(await eventsOf(harness, invoice.id)).toEqual([
    'invoice.created',
    'invoice.finalized',
    'invoice.payment_failed',
    'invoice.paid',
    'invoice.payment_succeeded',
  ])
})

test('an invoice left open is failed, paid or voided from outside, once', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  const renew = () =>
    harness.control<{ invoice: { id: string } }>('POST', `/stripe/subscriptions/${subscription.id}/renew`, { outcome: 'open' })
  const first = (await renew()).invoice.id
  await harness.control('POST', `/stripe/invoices/${first}/fail`)
  expect(await harness.stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'past_due' })
  await harness.control('POST', `/stripe/invoices/${first}/void`)
  expect(await harness.stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'active' })
  const second = (await renew()).invoice.id
  await harness.control('POST', `/stripe/invoices/${second}/pay`)
  await expect(harness.control('POST', `/stripe/invoices/${second}/pay`)).rejects.toThrow('409')
  await expect(harness.control('POST', '/stripe/invoices/in_none/pay')).rejects.toThrow('404')
})

test('a card that fails leaves the first invoice open and the subscription incomplete; voiding it ends it', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness, { default_payment_method: 'pm_card_chargeCustomerFail' })
  expect(subscription.status).toBe('incomplete')
  await expect(harness.stripe.invoices.pay(subscription.latest_invoice as string)).rejects.toMatchObject({
    statusCode: 402,
    code: 'card_declined',
  })
  await harness.stripe.invoices.voidInvoice(subscription.latest_invoice as string)
  expect(await harness.stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'incomplete_expired' })
})

test('a trial costs nothing, and its end is billed', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness, { trial_period_days: 14 })
  expect(subscription).toMatchObject({ status: 'trialing', trial_end: seconds('2026-11-16T09:00:00Z') })
  expect(await harness.stripe.invoices.retrieve(subscription.latest_invoice as string)).toMatchObject({
    status: 'paid',
    amount_due: 0,
    attempt_count: 0,
  })
  await harness.control('POST', `/stripe/subscriptions/${subscription.id}/renew`)
  const renewed = await harness.stripe.subscriptions.retrieve(subscription.id, { expand: ['latest_invoice'] })
  expect(renewed).toMatchObject({ status: 'active', latest_invoice: { status: 'paid', amount_paid: 4_900 } })
  expect(renewed.items.data[0]).toMatchObject({ current_period_start: seconds('2026-11-16T09:00:00Z') })
})

test('a trial is ended by its owner, and what follows is billed at once', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness, { trial_period_days: 14 })
  const { stripe, clock } = harness
  const later = await stripe.subscriptions.update(subscription.id, { trial_end: seconds('2026-11-30T00:00:00Z') })
  expect(later).toMatchObject({ status: 'trialing', items: { data: [{ current_period_end: seconds('2026-11-30T00:00:00Z') }] } })
  await expect(stripe.subscriptions.update(subscription.id, { trial_end: 1 })).rejects.toMatchObject({ param: 'trial_end' })
  clock.now = new Date('2026-11-04T00:00:00Z')
  const begun = await stripe.subscriptions.update(subscription.id, { trial_end: 'now', expand: ['latest_invoice'] })
  expect(begun).toMatchObject({
    status: 'active',
    trial_end: seconds('2026-11-04T00:00:00Z'),
    latest_invoice: { status: 'paid', amount_paid: 4_900 },
  })
})

test('a subscription that is to end with its period goes on until then, and can be kept', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  const { stripe, control } = harness
  const ending = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })
  expect(ending).toMatchObject({ status: 'active', cancel_at_period_end: true, cancel_at: seconds('2026-12-02T09:00:00Z') })
  expect(await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false })).toMatchObject({
    cancel_at: null,
    canceled_at: null,
  })
  await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })
  await control('POST', `/stripe/subscriptions/${subscription.id}/renew`)
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    status: 'canceled',
    ended_at: seconds('2026-12-02T09:00:00Z'),
  })
  expect((await eventsOf(harness, subscription.id)).at(-1)).toBe('customer.subscription.deleted')
})

test('a subscription is canceled at once, and nothing can be done with it after', async () => {
  await using harness = await startHarness()
  const { subscription, customer } = await subscribed(harness)
  const canceled = await harness.stripe.subscriptions.cancel(subscription.id, { cancellation_details: { comment: 'moving' } })
  expect(canceled).toMatchObject({ status: 'canceled', cancellation_details: { comment: 'moving', reason: 'cancellation_requested' } })
  await expect(harness.stripe.subscriptions.cancel(subscription.id)).rejects.toMatchObject({ statusCode: 400 })
  await expect(harness.stripe.subscriptions.update(subscription.id, { description: 'x' })).rejects.toMatchObject({ statusCode: 400 })
  await expect(harness.control('POST', `/stripe/subscriptions/${subscription.id}/renew`)).rejects.toThrow('409')
  expect((await harness.stripe.subscriptions.list({ customer: customer.id })).data).toEqual([])
  expect((await harness.stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data).toHaveLength(1)
})

test('a paused subscription is not billed until it is resumed', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  const { stripe, control, clock } = harness
  expect(await stripe.subscriptions.pause(subscription.id)).toMatchObject({ status: 'paused' })
  await expect(control('POST', `/stripe/subscriptions/${subscription.id}/renew`)).rejects.toThrow('resume it first')
  clock.now = new Date('2026-11-20T00:00:00Z')
  const resumed = await stripe.subscriptions.resume(subscription.id)
  expect(resumed).toMatchObject({ status: 'active', items: { data: [{ current_period_start: seconds('2026-11-20T00:00:00Z') }] } })
  await expect(stripe.subscriptions.resume(subscription.id)).rejects.toMatchObject({ statusCode: 400 })
  expect(await eventsOf(harness, subscription.id)).toEqual([
    'customer.subscription.created',
    'customer.subscription.updated',
    'customer.subscription.paused',
    'customer.subscription.updated',
    'customer.subscription.resumed',
    'customer.subscription.updated',
  ])
})

test('another price or quantity is billed from the next invoice on', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  const { stripe } = harness
  const bigger = await stripe.prices.create({
    currency: 'eur',
    unit_amount: 9_900,
    recurring: { interval: 'month' },
    product_data: { name: 'Pro' },
  })
  const item = subscription.items.data[0]?.id ?? ''
  await stripe.subscriptions.update(subscription.id, { items: [{ id: item, price: bigger.id, quantity: 2 }] })
  await harness.control('POST', `/stripe/subscriptions/${subscription.id}/renew`)
  const { data } = await stripe.invoices.list({ subscription: subscription.id, limit: 1 })
  expect(data[0]).toMatchObject({
    amount_due: 19_800,
    lines: { data: [{ quantity: 2, pricing: { price_details: { price: bigger.id } } }] },
  })
  await expect(stripe.subscriptions.update(subscription.id, { items: [{ id: item, deleted: true }] })).rejects.toMatchObject({
    param: 'items',
  })
})

test('the state shows every object as Stripe would answer it', async () => {
  await using harness = await startHarness()
  const { subscription } = await subscribed(harness)
  const { lastResponse: _, ...retrieved } = await harness.stripe.subscriptions.retrieve(subscription.id)
  const state = await harness.control<{
    subscriptions: { id: string; status: string }[]
    customers: object[]
    invoices: object[]
    events: object[]
  }>('GET', '/state/stripe')
  expect(state.subscriptions.map(({ id, status }) => ({ id, status }))).toEqual([{ id: retrieved.id, status: retrieved.status }])
  expect(state.customers).toHaveLength(1)
  expect(state.invoices).toHaveLength(1)
  expect(state.events).toHaveLength(8)
})

test('a price of a fixed id is there for configurations that name it', async () => {
  await using harness = await startHarness()
  await harness.control('PUT', '/stripe/prices', { id: 'price_starter', currency: 'eur', unitAmount: 4_900 })
  expect(await harness.stripe.prices.retrieve('price_starter')).toMatchObject({ unit_amount: 4_900, recurring: { interval: 'month' } })
  const { customer } = await customerAndPrice(harness)
  await expect(harness.stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_none' }] })).rejects.toMatchObject({
    statusCode: 400,
    code: 'resource_missing',
    param: 'items[0][price]',
  })
})
