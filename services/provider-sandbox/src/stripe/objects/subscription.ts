import type Stripe from 'stripe'
import { periodFrom } from './period.ts'
import { planOf } from './price.ts'
import { mergedMetadata, type Metadata, type Price, type Subscription, type SubscriptionItem, wholeList } from './types.ts'

/** What a subscription begins with. */
export interface SubscriptionDetails {
  readonly id: string
  readonly customer: string
  readonly items: readonly { readonly id: string; readonly price: Price; readonly quantity: number; readonly metadata: Metadata }[]
  /** In seconds; no trial without it. */
  readonly trialEnd: number | null
  readonly metadata: Metadata | '' | undefined
  readonly description: string | null
  readonly billingMode: 'classic' | 'flexible'
  readonly collectionMethod: 'charge_automatically' | 'send_invoice'
  readonly daysUntilDue: number | null
  readonly defaultPaymentMethod: string | null
  readonly cancelAtPeriodEnd: boolean
}

/** A subscription in its first moment: trialing, or incomplete until its first invoice is paid. */
export function newSubscription(details: SubscriptionDetails, now: number): Subscription {
  const { id, trialEnd } = details
  const subscription: Subscription = {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: trialEnd ?? now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: details.billingMode === 'flexible' ? {} : null, type: details.billingMode },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: details.collectionMethod,
    created: now,
    currency: details.items[0]?.price.currency ?? 'usd',
    customer: details.customer,
    customer_account: null,
    days_until_due: details.daysUntilDue,
    default_payment_method: details.defaultPaymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: details.description,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: { type: 'self' } },
    items: wholeList(
      `/v1/subscription_items?subscription=${id}`,
      details.items.map((item) => newItem(id, item, trialEnd, now)),
    ),
    latest_invoice: null,
    livemode: false,
    managed_payments: { enabled: false },
    metadata: mergedMetadata({}, details.metadata),
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status: trialEnd === null ? 'incomplete' : 'trialing',
    test_clock: null,
    transfer_data: null,
    trial_end: trialEnd,
    trial_settings: { end_behavior: { billing_cycle_anchor: 'now', missing_payment_method: 'create_invoice' } },
    trial_start: trialEnd === null ? null : now,
  }
  return details.cancelAtPeriodEnd ? cancelingAtPeriodEnd(subscription, true, now) : subscription
}

/** An item, in its first period or the trial. */
export function newItem(
  subscription: string,
  { id, price, quantity, metadata }: SubscriptionDetails['items'][number],
  trialEnd: number | null,
  now: number,
): SubscriptionItem {
  const period = trialEnd === null ? periodFrom(now, price.recurring) : { start: now, end: trialEnd }
  return {
    id,
    object: 'subscription_item',
    billing_thresholds: null,
    created: now,
    current_period_end: period.end,
    current_period_start: period.start,
    current_trial: null,
    discounts: [],
    metadata: mergedMetadata({}, metadata),
    plan: planOf(price),
    price,
    ...(price.recurring?.usage_type !== 'metered' && { quantity }),
    subscription,
    tax_rates: [],
  }
}

/** With the next period, which begins where this one ends. */
export function nextPeriod(subscription: Subscription): Subscription {
  const renewed = subscription.items.data.map((item) => withPeriodFrom(item, item.current_period_end))
  return { ...withItems(subscription, renewed), ...(subscription.status === 'trialing' && { status: 'active' as const }) }
}

/** With a period that begins now. */
export function restarted(subscription: Subscription, now: number): Subscription {
  const items = subscription.items.data.map((item) => withPeriodFrom(item, now))
  return { ...withItems(subscription, items), billing_cycle_anchor: now }
}

function withPeriodFrom(item: SubscriptionItem, start: number): SubscriptionItem {
  const period = periodFrom(start, item.price.recurring)
  return { ...item, current_period_start: period.start, current_period_end: period.end }
}

export function withItems(subscription: Subscription, items: SubscriptionItem[]): Subscription {
  return { ...subscription, items: { ...subscription.items, data: items } }
}

/** The end of the period that ends first. */
export function periodEndOf({ items }: Subscription): number {
  return Math.min(...items.data.map((item) => item.current_period_end))
}

export function cancelingAtPeriodEnd(subscription: Subscription, cancels: boolean, now: number): Subscription {
  return {
    ...subscription,
    cancel_at_period_end: cancels,
    cancel_at: cancels ? periodEndOf(subscription) : null,
    canceled_at: cancels ? now : null,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...subscription.cancellation_details,
      reason: cancels ? 'cancellation_requested' : null,
    },
  }
}

/** What was said of a cancellation. */
export type CancellationRemarks = Pick<Stripe.SubscriptionCancelParams.CancellationDetails, 'comment' | 'feedback'>

export function canceled(subscription: Subscription, endedAt: number, now: number, remarks: CancellationRemarks = {}): Subscription {
  return {
    ...subscription,
    status: 'canceled',
    canceled_at: subscription.canceled_at ?? now,
    ended_at: endedAt,
    cancellation_details: {
      comment: remarks.comment ?? null,
      feedback: remarks.feedback || null,
      feedback_option: null,
      reason: 'cancellation_requested',
    },
  }
}

/** The status after the invoice was paid, or no longer has to be. */
export function settled(subscription: Subscription): Subscription {
  const { status } = subscription
  return status === 'incomplete' || status === 'past_due' ? { ...subscription, status: 'active' } : subscription
}

/** The status after a payment failed; a first invoice leaves it incomplete. */
export function unsettled(subscription: Subscription): Subscription {
  const { status } = subscription
  return status === 'active' || status === 'trialing' ? { ...subscription, status: 'past_due' } : subscription
}

export function paused(subscription: Subscription): Subscription {
  return { ...subscription, status: 'paused' }
}

export function resumed(subscription: Subscription): Subscription {
  return { ...subscription, status: 'active' }
}
