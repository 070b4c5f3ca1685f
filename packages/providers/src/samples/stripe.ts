import { stripeDefaults } from '../stripe/samples.ts'
import { signStripe, stripeSignatureHeader } from '../stripe/signature.ts'
import { replaceMembers, type LiveSamples } from './live-sample.ts'

export const stripeSamples: LiveSamples = {
  secret: 'platform',
  events: [
    ...['created', 'updated', 'deleted', 'paused', 'resumed', 'trial_will_end'].map((verb) => `customer.subscription.${verb}`),
    ...['created', 'finalized', 'paid', 'payment_failed', 'overdue', 'voided', 'marked_uncollectible', 'upcoming'].map(
      (verb) => `invoice.${verb}`,
    ),
    'payment_intent.succeeded',
    'payment_intent.payment_failed',
    'invoice_payment.paid',
    'checkout.session.completed',
    'charge.dispute.created',
    'charge.refund.updated',
    'refund.created',
    'customer.updated',
    'v1.billing.meter.error_report_triggered',
    'v1.billing.meter.no_meter_found',
  ],
  body(event, { companyId, stripeCustomerId }, { happenedAt, nonce }) {
    const sample = stripeDefaults(event)
    const { id, created } = sample
    const ours = replaceMembers(sample, (name, value) => {
      // A customer's id begins so wherever it stands, as an event's own object too.
      if (typeof value === 'string' && value.startsWith('cus_')) return stripeCustomerId ?? value
      return name === 'company_id' ? (companyId ?? value) : value
    })
    return {
      ...ours,
      id: `${typeof id === 'string' && id.startsWith('evt_test_') ? 'evt_test_' : 'evt_'}${nonce}`,
      created: typeof created === 'number' ? Math.floor(happenedAt.getTime() / 1_000) : happenedAt.toISOString(),
    }
  },
  sign: (body, secret, { now }) => ({ [stripeSignatureHeader]: signStripe(body, secret, now.getTime()) }),
}
