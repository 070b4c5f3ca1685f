import type { Change } from './change.ts'
import { cardDeclined, invalidRequest } from './errors.ts'
import {
  type BilledItem,
  type BillingReason,
  finalized,
  newInvoice,
  paid,
  paymentFailed,
  subscriptionOf,
  voided,
} from './objects/invoice.ts'
import { usageOf } from './objects/meter.ts'
import { settled, unsettled } from './objects/subscription.ts'
import type { Invoice, Subscription, SubscriptionItem } from './objects/types.ts'

// What happens to invoices, each with its events; the subscription follows.

/** How far a new invoice gets: collected as the payment method allows, or stopped on the way. */
export type Outcome = 'collect' | 'paid' | 'failed' | 'open' | 'draft'

/** Stripe's test token of a card that takes every charge but the money. */
const failingCard = 'pm_card_chargeCustomerFail'

/** Makes the subscription's next invoice: licensed items in advance, metered ones for the period before. */
export function draftInvoice(change: Change, subscription: Subscription, reason: BillingReason, before?: Subscription): Invoice {
  const customer = change.state.customers.get(subscription.customer)
  const invoice = newInvoice(
    {
      id: change.newId('in'),
      subscription,
      customerEmail: customer?.email ?? null,
      customerName: customer?.name ?? null,
      reason,
      billed: subscription.items.data.map((item) => billedOf(change, subscription, item, before)),
    },
    change.now,
  )
  change.state.invoices.set(invoice.id, invoice)
  return invoice
}

function billedOf(change: Change, subscription: Subscription, item: SubscriptionItem, before: Subscription | undefined): BilledItem {
  const lineId = change.newId('il')
  const recurring = item.price.recurring
  const old = before?.items.data.find(({ id }) => id === item.id)
  if (recurring?.usage_type === 'metered') {
    const period = { start: (old ?? item).current_period_start, end: old ? old.current_period_end : item.current_period_start }
    const meter = recurring.meter === null ? undefined : change.state.meters.get(recurring.meter)
    const events = [...change.state.meterEvents.values()]
    const quantity = meter ? usageOf(meter, events, subscription.customer, period.start, period.end) : 0
    return { lineId, item, period, quantity }
  }
  const period = { start: item.current_period_start, end: item.current_period_end }
  // The trial is free.
  return { lineId, item, period, quantity: subscription.status === 'trialing' ? 0 : (item.quantity ?? 1) }
}

/** Tells of a new invoice and takes it as far as the outcome says. */
export function advance(change: Change, invoice: Invoice, outcome: Outcome): void {
  change.emit('invoice.created', invoice)
  if (outcome === 'draft') return
  const due = finalize(change, invoice)
  if (outcome === 'open') return
  if (due.amount_due === 0 || outcome === 'paid') settle(change, due)
  else if (outcome === 'failed' || paymentMethodOf(change, due) === failingCard) fail(change, due)
  else if (due.collection_method === 'send_invoice') change.emit('invoice.sent', due)
  else settle(change, due)
}

function paymentMethodOf({ state }: Change, invoice: Invoice): unknown {
  const subscription = state.subscriptions.get(subscriptionOf(invoice) ?? '')
  return subscription?.default_payment_method ?? state.customers.get(invoice.customer)?.invoice_settings.default_payment_method
}

export function finalize(change: Change, invoice: Invoice): Invoice {
  expectStatus(invoice, ['draft'], 'finalized')
  const number = `SANDBOX-${String(change.state.invoices.size).padStart(4, '0')}`
  return put(change, 'invoice.finalized', finalized(invoice, number, change.now))
}

/** Pays it, whatever the payment method. */
export function settle(change: Change, invoice: Invoice): Invoice {
  expectStatus(invoice, ['open'], 'paid')
  const done = put(change, 'invoice.paid', paid(invoice, change.now))
  change.emit('invoice.payment_succeeded', done)
  follow(change, done, settled)
  return done
}

/** Pays it as a caller of the API does: its card may be declined. */
export function collect(change: Change, invoice: Invoice, paymentMethod: string | undefined): Invoice {
  expectStatus(invoice, ['open'], 'paid')
  if ((paymentMethod ?? paymentMethodOf(change, invoice)) !== failingCard) return settle(change, invoice)
  fail(change, invoice)
  throw cardDeclined()
}

export function fail(change: Change, invoice: Invoice): Invoice {
  expectStatus(invoice, ['open'], 'charged')
  const failed = put(change, 'invoice.payment_failed', paymentFailed(invoice, change.now))
  follow(change, failed, unsettled)
  return failed
}

export function voidInvoice(change: Change, invoice: Invoice): Invoice {
  expectStatus(invoice, ['open'], 'voided')
  const done = put(change, 'invoice.voided', voided(invoice, change.now))
  follow(change, done, (subscription) =>
    subscription.status === 'incomplete' ? { ...subscription, status: 'incomplete_expired', ended_at: change.now } : settled(subscription),
  )
  return done
}

function put(
  change: Change,
  type: 'invoice.finalized' | 'invoice.paid' | 'invoice.payment_failed' | 'invoice.voided',
  invoice: Invoice,
): Invoice {
  change.state.invoices.set(invoice.id, invoice)
  change.emit(type, invoice)
  return invoice
}

/** A subscription's status hangs on its latest invoice alone. */
function follow(change: Change, invoice: Invoice, transition: (subscription: Subscription) => Subscription): void {
  const before = change.state.subscriptions.get(subscriptionOf(invoice) ?? '')
  if (!before || before.latest_invoice !== invoice.id) return
  const after = transition(before)
  if (after === before) return
  change.state.subscriptions.set(after.id, after)
  change.emit('customer.subscription.updated', after, before)
}

function expectStatus(invoice: Invoice, allowed: readonly Invoice['status'][], verb: string): void {
  if (allowed.includes(invoice.status)) return
  throw invalidRequest({ message: `Invoice ${invoice.id} is ${invoice.status} and can not be ${verb}.` })
}
