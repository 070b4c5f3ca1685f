import type { Change } from './change.ts'
import { invalidRequest } from './errors.ts'
import { advance, draftInvoice, type Outcome } from './invoicing.ts'
import type { BillingReason } from './objects/invoice.ts'
import {
  canceled,
  type CancellationRemarks,
  newSubscription,
  nextPeriod,
  paused,
  periodEndOf,
  restarted,
  resumed,
  type SubscriptionDetails,
} from './objects/subscription.ts'
import type { Subscription } from './objects/types.ts'

// A subscription's life, each step with its events and invoices.

/** Begins one: its first invoice is made, finalized and collected. */
export function start(change: Change, details: SubscriptionDetails): Subscription {
  const subscription = newSubscription(details, change.now)
  return bill(change, subscription, 'subscription_create', 'collect', (begun) => change.emit('customer.subscription.created', begun))
}

/** Goes on to the next period and bills it; one that is to be canceled at the period's end is canceled instead. */
export function renew(change: Change, subscription: Subscription, outcome: Outcome): Subscription {
  expectAlive(subscription, 'renewed')
  if (subscription.cancel_at_period_end) return end(change, canceled(subscription, periodEndOf(subscription), change.now))
  if (subscription.status === 'paused') throw invalidRequest({ message: 'A paused subscription is not renewed: resume it first.' })
  return bill(change, nextPeriod(subscription), 'subscription_cycle', outcome, told(change, subscription), subscription)
}

export function cancel(change: Change, subscription: Subscription, remarks: CancellationRemarks): Subscription {
  expectAlive(subscription, 'canceled')
  return end(change, canceled(subscription, change.now, change.now, remarks))
}

export function pause(change: Change, subscription: Subscription): Subscription {
  if (subscription.status !== 'active' && subscription.status !== 'trialing') {
    throw invalidRequest({ message: `A subscription that is ${subscription.status} can not be paused.` })
  }
  const after = paused(subscription)
  change.state.subscriptions.set(after.id, after)
  change.emit('customer.subscription.paused', after)
  change.emit('customer.subscription.updated', after, subscription)
  return after
}

/** Resumes one, by default with a new period from now on, which is billed. */
export function resume(change: Change, subscription: Subscription, anchor: 'now' | 'unchanged'): Subscription {
  if (subscription.status !== 'paused') {
    throw invalidRequest({ message: `Only a paused subscription can be resumed; this one is ${subscription.status}.` })
  }
  const tell = (after: Subscription) => {
    change.emit('customer.subscription.resumed', after)
    change.emit('customer.subscription.updated', after, subscription)
  }
  if (anchor === 'now')
    return bill(change, restarted(resumed(subscription), change.now), 'subscription_update', 'collect', tell, subscription)
  const after = resumed(subscription)
  change.state.subscriptions.set(after.id, after)
  tell(after)
  return after
}

/** Ends the trial: the first paid period begins now, and is billed. */
export function endTrial(change: Change, before: Subscription, after: Subscription): Subscription {
  const begun = restarted({ ...after, status: 'active', trial_end: change.now }, change.now)
  return bill(change, begun, 'subscription_update', 'collect', told(change, before), before)
}

/** Puts a subscription that changed in place of what it was. */
export function update(change: Change, before: Subscription, after: Subscription): Subscription {
  expectAlive(before, 'updated')
  change.state.subscriptions.set(after.id, after)
  told(change, before)(after)
  return after
}

function bill(
  change: Change,
  subscription: Subscription,
  reason: BillingReason,
  outcome: Outcome,
  tell: (subscription: Subscription) => void,
  before?: Subscription,
): Subscription {
  const invoice = draftInvoice(change, subscription, reason, before)
  const billed = { ...subscription, latest_invoice: invoice.id }
  change.state.subscriptions.set(billed.id, billed)
  tell(billed)
  advance(change, invoice, outcome)
  return change.state.subscriptions.get(billed.id) ?? billed
}

const told = (change: Change, before: Subscription) => (after: Subscription) => change.emit('customer.subscription.updated', after, before)

function end(change: Change, subscription: Subscription): Subscription {
  change.state.subscriptions.set(subscription.id, subscription)
  change.emit('customer.subscription.deleted', subscription)
  return subscription
}

function expectAlive({ status }: Subscription, verb: string): void {
  if (status !== 'canceled' && status !== 'incomplete_expired') return
  throw invalidRequest({ message: `A subscription that is ${status} can not be ${verb}.` })
}
