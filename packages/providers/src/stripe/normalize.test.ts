import { expect, test } from 'vitest'
import { evidenceOf, onlyEvent, payloadOf, sourceOf, violationsOf } from '../../test/support.ts'
import type { Delivery } from '../provider.ts'
import { type Overrides, stripeWebhook } from '../testing.ts'
import { stripe } from './index.ts'

const customerId = 'cus_TUtf3xXhW6oDpB'
const subscriptionId = 'sub_1SWq2kLkdIwHu7ix'
const companyId = 'cmp_01jd3w2k7xe9qr5m8tz4vb6n0c'

const received = (body: Buffer | string) => onlyEvent(stripe, body)
const event = (type: string, overrides?: Overrides, delivery?: Partial<Delivery>) =>
  onlyEvent(stripe, stripeWebhook(type, overrides).body, delivery)
const invoiceOf = (overrides: Overrides) => payloadOf('frontdesk.invoice.changed.v1', event('invoice.paid', overrides))

test.each([
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
  'customer.subscription.paused',
  'customer.subscription.resumed',
  'customer.subscription.trial_will_end',
  'customer.subscription.pending_update_applied',
])('%s tells which subscription, whose, and its status', (type) => {
  const changed = event(type)
  expect(changed).toMatchObject({ entityId: subscriptionId, occurredAt: new Date('2026-11-20T09:00:00.000Z') })
  expect(payloadOf('frontdesk.subscription.changed.v1', changed)).toMatchObject({
    subscriptionId,
    customerId,
    status: type.endsWith('deleted') ? 'canceled' : 'active',
  })
  expect(sourceOf(changed)).toMatchObject({
    provider: 'stripe',
    providerEventType: type,
    entityType: 'subscription',
    entityId: subscriptionId,
  })
})

test.each(['created', 'finalized', 'finalization_failed', 'paid', 'payment_failed', 'payment_action_required', 'overdue', 'voided'])(
  'invoice.%s tells which invoice, of which subscription',
  (what) => {
    const changed = event(`invoice.${what}`)
    expect(payloadOf('frontdesk.invoice.changed.v1', changed)).toMatchObject({
      invoiceId: 'in_1SWq2lLkdIwHu7ixQ3',
      customerId,
      subscriptionId,
      status: what === 'paid' ? 'paid' : 'open',
    })
    expect(sourceOf(changed)).toMatchObject({ entityType: 'invoice', entityId: 'in_1SWq2lLkdIwHu7ixQ3' })
  },
)

test('an invoice’s subscription is read where it moved to, and no longer where it was', () => {
  const moved = invoiceOf({
    data: { object: { subscription: 'sub_of_old', parent: { subscription_details: { subscription: 'sub_new' } } } },
  })
  expect(moved.subscriptionId).toBe('sub_new')
})

test('an invoice of no subscription has none', () => {
  for (const parent of [null, undefined, { type: 'quote_details', subscription_details: null }]) {
    expect(invoiceOf({ data: { object: { parent } } }).subscriptionId).toBe('')
  }
})

test('a customer and a subscription that were expanded are known by their ids', () => {
  const expanded = {
    customer: { id: 'cus_expanded', object: 'customer' },
    parent: { subscription_details: { subscription: { id: 'sub_x' } } },
  }
  expect(invoiceOf({ data: { object: expanded } })).toMatchObject({ customerId: 'cus_expanded', subscriptionId: 'sub_x' })
  expect(evidenceOf(event('invoice.paid', { data: { object: expanded } }))).toContain('stripe_customer cus_expanded')
})

test('an invoice may lack customer and status', () => {
  expect(invoiceOf({ data: { object: { customer: null, status: null } } })).toMatchObject({ customerId: '', status: '' })
})

test.each([
  'invoiceitem.created',
  'customer.created',
  'customer.subscription',
  'entitlements.active_entitlement_summary.updated',
  'a.future.type',
])('%s is kept, unmodelled, with what names its company', (type) => {
  const kept = event(type)
  expect(violationsOf(kept)).toEqual([])
  expect(sourceOf(kept)).toMatchObject({ provider: 'stripe', providerEventType: type })
  expect(evidenceOf(kept)).toEqual([`stripe_customer ${customerId}`])
})

test.each([
  ['payment_intent.created', 'payment_intent', 'pi_3SWq2oLkdIwHu7ix0b'],
  ['payment_intent.succeeded', 'payment_intent', 'pi_3SWq2oLkdIwHu7ix0b'],
  ['payment_intent.payment_failed', 'payment_intent', 'pi_3SWq2oLkdIwHu7ix0b'],
  ['charge.succeeded', 'charge', 'ch_3SWq2oLkdIwHu7ix0c'],
  ['charge.refunded', 'charge', 'ch_3SWq2oLkdIwHu7ix0c'],
])('%s tells which payment, and whose', (type, kind, paymentId) => {
  const changed = event(type)
  expect(payloadOf('frontdesk.payment.changed.v1', changed)).toMatchObject({
    paymentId,
    kind,
    paymentIntentId: 'pi_3SWq2oLkdIwHu7ix0b',
    invoiceId: '',
    customerId,
    status: 'succeeded',
  })
  expect(sourceOf(changed)).toMatchObject({ entityType: kind, entityId: paymentId })
  expect(evidenceOf(changed)).toEqual([`stripe_customer ${customerId}`])
})

test('an invoice’s payment tells its invoice, and the payment where that moved to', () => {
  const changed = event('invoice_payment.paid')
  expect(payloadOf('frontdesk.payment.changed.v1', changed)).toMatchObject({
    paymentId: 'inpay_1SWq2p',
    kind: 'invoice_payment',
    paymentIntentId: 'pi_3SWq2oLkdIwHu7ix0b',
    invoiceId: 'in_1SWq2lLkdIwHu7ixQ3',
    status: 'paid',
  })
})

test.each(['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated'])(
  'charge.dispute.%s tells of which payment, and why',
  (what) => {
    expect(payloadOf('frontdesk.dispute.changed.v1', event(`charge.dispute.${what}`))).toMatchObject({
      disputeId: 'du_1SWq2q',
      paymentIntentId: 'pi_3SWq2oLkdIwHu7ix0b',
      chargeId: 'ch_3SWq2oLkdIwHu7ix0c',
      status: 'needs_response',
      reason: 'fraudulent',
    })
  },
)

test.each(['refund.created', 'refund.updated', 'refund.failed', 'charge.refund.updated'])('%s tells of which payment, and why', (type) => {
  const refund = (overrides?: Overrides) => payloadOf('frontdesk.refund.changed.v1', event(type, overrides))
  expect(refund()).toMatchObject({
    refundId: 're_3SWq2r',
    paymentIntentId: 'pi_3SWq2oLkdIwHu7ix0b',
    chargeId: 'ch_3SWq2oLkdIwHu7ix0c',
    status: 'succeeded',
    reason: 'requested_by_customer',
  })
  expect(refund({ data: { object: { failure_reason: 'lost_or_stolen_card', charge: { id: 'ch_x' } } } })).toMatchObject({
    chargeId: 'ch_x',
    reason: 'lost_or_stolen_card',
  })
})

test('a completed checkout tells what was bought, and one whose money is settled later is another event', () => {
  const checkout = {
    checkoutId: 'cs_live_a1Nq7',
    customerId,
    subscriptionId,
    paymentIntentId: '',
    status: 'complete',
    paymentStatus: 'paid',
  }
  expect(payloadOf('frontdesk.checkout.completed.v1', event('checkout.session.completed')).checkout).toEqual(checkout)
  for (const what of ['async_payment_succeeded', 'async_payment_failed', 'expired']) {
    expect(payloadOf('frontdesk.checkout.changed.v1', event(`checkout.session.${what}`)).checkout).toEqual(checkout)
  }
})

test.each([
  ['v1.billing.meter.error_report_triggered', 'mtr_61R9Ij'],
  ['v1.billing.meter.no_meter_found', ''],
])('%s tells which meter failed, if there is one, and by which event its reasons are fetched', (type, meterId) => {
  const failed = event(type, { id: 'evt_test_meter' })
  expect(payloadOf('frontdesk.meter.failed.v1', failed)).toMatchObject({ providerEventId: 'evt_test_meter', meterId })
  expect(sourceOf(failed)).toMatchObject({ providerEventType: type, entityId: meterId })
  expect(failed.occurredAt).toEqual(new Date('2026-11-20T09:00:00.000Z'))
})

test.each([
  ['v1.customer.subscription.updated', 'frontdesk.subscription.changed.v1', { subscriptionId, customerId: '', status: '' }],
  ['v1.invoice.paid', 'frontdesk.invoice.changed.v1', { invoiceId: 'in_1SWq2lLkdIwHu7ixQ3', subscriptionId: '' }],
  ['v1.payment_intent.succeeded', 'frontdesk.payment.changed.v1', { kind: 'payment_intent', paymentIntentId: 'pi_3SWq2oLkdIwHu7ix0b' }],
  ['v1.charge.succeeded', 'frontdesk.payment.changed.v1', { kind: 'charge', paymentId: 'ch_3SWq2oLkdIwHu7ix0c', paymentIntentId: '' }],
  ['v1.charge.dispute.created', 'frontdesk.dispute.changed.v1', { disputeId: 'du_1SWq2q' }],
  ['v1.refund.failed', 'frontdesk.refund.changed.v1', { refundId: 're_3SWq2r' }],
  ['v1.checkout.session.completed', 'frontdesk.checkout.completed.v1', { checkout: { checkoutId: 'cs_live_a1Nq7' } }],
] as const)('the thin event %s tells what changed by its id alone', (type, ours, payload) => {
  const thin = event(type)
  expect(payloadOf(ours, thin)).toMatchObject(payload)
  expect(sourceOf(thin).entityType).not.toBe('')
  expect(evidenceOf(thin)).toEqual([])
  expect(violationsOf(event(type, { related_object: null }))).toEqual(['related_object: expected object, received null'])
})

test('an upcoming invoice, which has no id, is kept and does not count as one that does not fit', () => {
  const upcoming = event('invoice.upcoming')
  expect(violationsOf(upcoming)).toEqual([])
  expect(sourceOf(upcoming)).toMatchObject({ entityType: '', entityId: '' })
  expect(evidenceOf(upcoming)).toEqual([`stripe_customer ${customerId}`, `metadata ${companyId}`])
})

test.each(['v2.core.account[configuration.recipient].capability_status_updated', 'v1.invoice.upcoming', 'v1.billing.meter.updated'])(
  'the thin event %s is kept as an event of what it names',
  (type) => {
    const thin = event(type)
    expect(violationsOf(thin)).toEqual([])
    expect(thin.occurredAt).toEqual(new Date('2026-11-20T09:00:00.000Z'))
    expect(sourceOf(thin)).toMatchObject({ providerEventType: type })
    expect(evidenceOf(thin)).toEqual([])
  },
)

test('the connected account is evidence, by whichever name it comes', () => {
  expect(evidenceOf(event('customer.created', { account: 'acct_1A' }))).toContain('stripe_account acct_1A')
  expect(evidenceOf(event('v1.billing.meter.no_meter_found', { context: 'acct_1B' }))).toEqual(['stripe_account acct_1B'])
  for (const none of ['org_1/acct_2', 'acct_', 'cus_1', 'acct_1 ', 7]) {
    expect(evidenceOf(event('v1.billing.meter.no_meter_found', { context: none }))).toEqual([])
  }
})

test('metadata that we wrote on a subscription is evidence, on its invoices too', () => {
  expect(evidenceOf(event('customer.subscription.updated'))).toEqual([`stripe_customer ${customerId}`, `metadata ${companyId}`])
  expect(evidenceOf(event('invoice.paid'))).toEqual([`stripe_customer ${customerId}`, `metadata ${companyId}`])
  const elsewhere = { data: { object: { metadata: { company_id: 'cmp_elsewhere' } } } }
  expect(evidenceOf(event('invoice.paid', elsewhere)).join()).not.toContain('cmp_elsewhere')
  expect(evidenceOf(event('payment_intent.succeeded', elsewhere)).join()).not.toContain('cmp_elsewhere')
})

test('on a connected account metadata is no evidence: its owner can name any company in it', () => {
  const connected = evidenceOf(event('customer.subscription.updated', { account: 'acct_1A' }))
  expect(connected).toEqual(['stripe_account acct_1A', `stripe_customer ${customerId}`])
})

test('a checkout’s client_reference_id is no evidence: a payment link’s URL can set it', () => {
  expect(evidenceOf(event('checkout.session.completed')).join()).not.toContain('cmp_of_whoever_made_the_link')
})

test('the connection is evidence only when its own secret verified', () => {
  expect(evidenceOf(event('invoice.paid', {}, { connectionId: 'con_1' }))).toContain('connection con_1')
  expect(evidenceOf(event('invoice.paid')).join()).not.toContain('connection')
})

test('whose a subscription is, is asked as of its event and not of its beginning years ago', () => {
  expect(sourceOf(event('customer.subscription.updated')).entityStartedAt).toBeUndefined()
})

test('fields that we do not know change nothing', () => {
  expect(event('invoice.paid', { extra: 1, data: { object: { new_field: [1] }, previous_attributes: {} } }).body).toEqual(
    event('invoice.paid').body,
  )
})

test('a body that verified but does not fit says where, and keeps its id, entity and evidence', () => {
  const drifted = event('invoice.paid', { data: { object: { status: 7, parent: { subscription_details: { subscription: 8 } } } } })
  expect(violationsOf(drifted)).toEqual([
    'data.object.status: expected string, received number',
    'data.object.parent.subscription_details.subscription: expected an id, or an object with one, received number',
  ])
  expect(drifted.id).toBe(event('invoice.paid').id)
  expect(sourceOf(drifted)).toMatchObject({ entityType: 'invoice', entityId: 'in_1SWq2lLkdIwHu7ixQ3' })
  expect(evidenceOf(drifted)).toEqual([`stripe_customer ${customerId}`, `metadata ${companyId}`])
})

test.each([
  ['false', '(body): expected object, received boolean'],
  ['{"id":"evt_1","object":"event"}', 'type: expected string, received nothing'],
  ['{"id":"evt_1","object":"charge","type":"a.b"}', 'object: expected one of event, v2.core.event, received string'],
  ['{"id":"e v","object":"event","type":"a.b"}', 'id: expected 1 to 128 visible ASCII characters, received string'],
  ['{"id":"evt_1","object":"event","type":"invoice.paid"}', 'data: expected object, received nothing'],
  ['{"id":"evt_1","object":"event","type":"customer.subscription.updated","data":{}}', 'data.object: expected object, received nothing'],
  ['{"id":"evt_1","object":"event","type":"invoice.paid","data":{"object":{}}}', 'data.object.id: expected string, received nothing'],
])('the verified body %s is kept with: %s', (body, violation) => {
  expect(violationsOf(received(body))).toEqual([violation])
})
