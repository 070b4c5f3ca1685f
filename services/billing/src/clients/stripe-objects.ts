import type { Stripe } from 'stripe'
import type { InvoiceState, SubscriptionState } from '../domain/subscription.ts'

/** What we mirror of a subscription; its period stands on its items, of which ours has one. */
export function toSubscriptionState(subscription: Stripe.Subscription): SubscriptionState {
  const { id, customer, status, cancel_at_period_end: cancelAtPeriodEnd, items } = subscription
  const [item] = items.data
  return {
    id,
    customerId: idOf(customer),
    status,
    cancelAtPeriodEnd,
    periodStart: item && fromUnix(item.current_period_start),
    periodEnd: item && fromUnix(item.current_period_end),
  }
}

/** What we mirror of an invoice. */
export function toInvoiceState(invoice: Stripe.Invoice): InvoiceState {
  const { id, customer, parent, status, total, amount_paid: amountPaid, currency, created } = invoice
  return {
    id,
    customerId: idOf(customer),
    subscriptionId: idOf(parent?.subscription_details?.subscription),
    status: status ?? '',
    totalMinor: BigInt(total),
    amountPaidMinor: BigInt(amountPaid),
    currency: currency.toUpperCase(),
    createdAt: fromUnix(created),
  }
}

/** A reference is an id, or the object itself where it was expanded. */
function idOf(reference: string | { readonly id: string } | null | undefined): string {
  return typeof reference === 'string' ? reference : (reference?.id ?? '')
}

function fromUnix(seconds: number): Date {
  return new Date(seconds * 1_000)
}
