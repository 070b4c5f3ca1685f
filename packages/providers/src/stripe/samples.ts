import type { JsonObject } from '../json.ts'

const apiVersion = '2026-10-28.endive'
const created = 1_795_165_200
const metadata: JsonObject = { company_id: 'cmp_01jd3w2k7xe9qr5m8tz4vb6n0c' }

const subscription: JsonObject = {
  id: 'sub_1SWq2kLkdIwHu7ix',
  object: 'subscription',
  customer: 'cus_TUtf3xXhW6oDpB',
  status: 'active',
  created: created - 86_400,
  metadata,
  items: {
    object: 'list',
    data: [
      { id: 'si_TUtfyQkq8Yb1xV', object: 'subscription_item', current_period_start: created, current_period_end: created + 2_592_000 },
    ],
  },
}

const invoice: JsonObject = {
  id: 'in_1SWq2lLkdIwHu7ixQ3',
  object: 'invoice',
  customer: 'cus_TUtf3xXhW6oDpB',
  status: 'paid',
  created: created - 60,
  currency: 'eur',
  amount_due: 4_900,
  amount_paid: 4_900,
  parent: { type: 'subscription_details', subscription_details: { subscription: 'sub_1SWq2kLkdIwHu7ix', metadata } },
}

const customer = 'cus_TUtf3xXhW6oDpB'
const payment_intent = 'pi_3SWq2oLkdIwHu7ix0b'
const charge = 'ch_3SWq2oLkdIwHu7ix0c'
const money: JsonObject = { amount: 4_900, currency: 'eur' }

const others: readonly (readonly [begins: string, object: JsonObject])[] = [
  ['payment_intent.', { id: payment_intent, object: 'payment_intent', customer, status: 'succeeded', ...money }],
  [
    'invoice_payment.',
    {
      id: 'inpay_1SWq2p',
      object: 'invoice_payment',
      invoice: 'in_1SWq2lLkdIwHu7ixQ3',
      payment: { type: 'payment_intent', payment_intent },
      status: 'paid',
    },
  ],
  [
    'charge.dispute.',
    { id: 'du_1SWq2q', object: 'dispute', charge, payment_intent, status: 'needs_response', reason: 'fraudulent', ...money },
  ],
  [
    'charge.refund.',
    { id: 're_3SWq2r', object: 'refund', charge, payment_intent, status: 'succeeded', reason: 'requested_by_customer', ...money },
  ],
  [
    'refund.',
    { id: 're_3SWq2r', object: 'refund', charge, payment_intent, status: 'succeeded', reason: 'requested_by_customer', ...money },
  ],
  ['charge.', { id: charge, object: 'charge', customer, payment_intent, status: 'succeeded', ...money }],
  [
    'checkout.session.',
    {
      id: 'cs_live_a1Nq7',
      object: 'checkout.session',
      customer,
      subscription: 'sub_1SWq2kLkdIwHu7ix',
      payment_intent: null,
      status: 'complete',
      payment_status: 'paid',
      client_reference_id: 'cmp_of_whoever_made_the_link',
    },
  ],
  ['customer.', { id: customer, object: 'customer', email: 'owner@example.com' }],
]

function objectOf(type: string): JsonObject {
  if (type.startsWith('customer.subscription.')) {
    return type.endsWith('.deleted') ? { ...subscription, status: 'canceled' } : subscription
  }
  if (type === 'invoice.upcoming') {
    const { id: _, ...preview } = invoice
    return { ...preview, status: 'draft' }
  }
  if (type.startsWith('invoice.')) return type === 'invoice.paid' ? invoice : { ...invoice, status: 'open' }
  const [, object] = others.find(([begins]) => type.startsWith(begins)) ?? []
  return object ?? { id: 'obj_1SWq2m', object: type.split('.').slice(0, -1).join('.') || 'object', customer }
}

/** What a thin event names: a meter, or the object of the snapshot of that name. */
function relatedTo(type: string): JsonObject | null {
  if (type === 'v1.billing.meter.no_meter_found') return null
  const meter = { id: 'mtr_61R9Ij', type: 'billing.meter', url: '/v1/billing/meters/mtr_61R9Ij' }
  if (!type.startsWith('v1.') || type.startsWith('v1.billing.meter.')) return meter
  const { id = '', object = '' } = objectOf(type.slice('v1.'.length))
  return { id, type: object }
}

/** An event as Stripe tells of it: thin for types of v1 and v2, else with a snapshot of the object. */
export function stripeDefaults(type: string): JsonObject {
  if (/^v[12]\./.test(type)) {
    return {
      id: 'evt_test_65R9Ijk8dKEYZcXeRWn16R9A7j1FSQ3w3TGDPLLGSM4CW0',
      object: 'v2.core.event',
      type,
      created: '2026-11-20T09:00:00.000Z',
      livemode: false,
      context: null,
      related_object: relatedTo(type),
    }
  }
  return {
    id: 'evt_1SWq2nLkdIwHu7ixYb',
    object: 'event',
    api_version: apiVersion,
    created,
    livemode: false,
    type,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    data: { object: objectOf(type) },
  }
}
