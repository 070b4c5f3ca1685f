import { z } from 'zod'
import type { Change } from '../change.ts'
import { invalidRequest, missingParameter, noSuch } from '../errors.ts'
import type { SubscriptionDetails } from '../objects/subscription.ts'
import type { Subscription } from '../objects/types.ts'
import { pageOf, pageParameters } from '../pages.ts'
import { boolean, integer, metadata, text } from '../parameters.ts'
import type { StripeRoutes } from '../routing.ts'
import type { StripeState } from '../state.ts'
import { cancel, endTrial, pause, resume, start, update } from '../subscribing.ts'
import { customerOf } from './customers.ts'
import { priceOf } from './prices.ts'
import { changedSubscription, updateParameters } from './subscription-update.ts'

const statuses = ['active', 'canceled', 'incomplete', 'incomplete_expired', 'past_due', 'paused', 'trialing', 'all', 'ended'] as const

const createParameters = {
  customer: text().min(1),
  items: z
    .array(z.strictObject({ price: text().min(1), quantity: integer().pipe(z.number().min(0)).optional(), metadata: metadata() }))
    .min(1)
    .max(20),
  metadata: metadata(),
  description: text().optional(),
  billing_mode: z.strictObject({ type: z.enum(['classic', 'flexible']), flexible: z.record(z.string(), text()).optional() }).optional(),
  collection_method: z.enum(['charge_automatically', 'send_invoice']).default('charge_automatically'),
  days_until_due: integer().optional(),
  default_payment_method: text().optional(),
  cancel_at_period_end: boolean().default(false),
  trial_period_days: integer().pipe(z.number().min(1).max(730)).optional(),
  trial_end: z.union([z.literal('now'), integer()]).optional(),
  // What these decide is the same here whatever they say.
  payment_behavior: text().optional(),
  proration_behavior: text().optional(),
  off_session: boolean().optional(),
}

type CreateParameters = z.output<z.ZodObject<typeof createParameters>>

function subscriptionOf({ subscriptions }: StripeState, id: string): Subscription {
  const subscription = subscriptions.get(id)
  if (!subscription) throw noSuch('subscription', id)
  return subscription
}

export function registerSubscriptions({ add, state }: StripeRoutes): void {
  add('POST', '/v1/subscriptions', createParameters, ({ parameters, change }) => start(change, detailsOf(change, parameters)))
  const listed = { ...pageParameters, customer: text().optional(), status: z.enum(statuses).optional() }
  add('GET', '/v1/subscriptions', listed, ({ parameters }) => {
    const { customer, status } = parameters
    const found = [...state.subscriptions.values()]
      .filter((subscription) => customer === undefined || subscription.customer === customer)
      .filter((subscription) => isListed(subscription.status, status))
    return pageOf('/v1/subscriptions', found, parameters)
  })
  add('GET', '/v1/subscriptions/:id', {}, ({ path }) => subscriptionOf(state, path.id ?? ''))
  add('POST', '/v1/subscriptions/:id', updateParameters, ({ path, parameters, change }) => {
    const before = subscriptionOf(state, path.id ?? '')
    const after = changedSubscription(change, before, parameters)
    return parameters.trial_end === 'now' && before.status === 'trialing' ? endTrial(change, before, after) : update(change, before, after)
  })
  const remarks = z.strictObject({ comment: text().optional(), feedback: text().optional() })
  const canceling = { cancellation_details: remarks.optional(), invoice_now: boolean().optional(), prorate: boolean().optional() }
  add('DELETE', '/v1/subscriptions/:id', canceling, ({ path, parameters, change }) => {
    const { comment, feedback } = parameters.cancellation_details ?? {}
    return cancel(change, subscriptionOf(state, path.id ?? ''), {
      ...(comment !== undefined && { comment }),
      ...(feedback !== undefined && { feedback }),
    })
  })
  const pausing = { type: z.literal('subscription').optional(), invoicing_behavior: text().optional() }
  add('POST', '/v1/subscriptions/:id/pause', pausing, ({ path, change }) => pause(change, subscriptionOf(state, path.id ?? '')))
  const resuming = {
    billing_cycle_anchor: z.strictObject({ type: z.enum(['now', 'unchanged']) }).optional(),
    payment_behavior: text().optional(),
    proration_behavior: text().optional(),
  }
  add('POST', '/v1/subscriptions/:id/resume', resuming, ({ path, parameters, change }) =>
    resume(change, subscriptionOf(state, path.id ?? ''), parameters.billing_cycle_anchor?.type ?? 'now'),
  )
}

/** Without a status, what ended is left out. */
function isListed(status: Subscription['status'], wanted: (typeof statuses)[number] | undefined): boolean {
  if (wanted === 'all') return true
  if (wanted === 'ended') return status === 'canceled' || status === 'incomplete_expired'
  return wanted === undefined ? status !== 'canceled' && status !== 'incomplete_expired' : status === wanted
}

function detailsOf(change: Change, parameters: CreateParameters): SubscriptionDetails {
  const { state, now } = change
  const trial = parameters.trial_period_days
  const end = parameters.trial_end === 'now' ? undefined : parameters.trial_end
  if (trial !== undefined && parameters.trial_end !== undefined) {
    throw invalidRequest({
      code: 'parameters_exclusive',
      message: 'You may only specify one of these parameters: trial_end, trial_period_days.',
    })
  }
  if (end !== undefined && end <= now)
    throw invalidRequest({ message: 'Invalid timestamp: must be an integer in the future.', param: 'trial_end' })
  if (parameters.collection_method === 'send_invoice' && parameters.days_until_due === undefined) throw missingParameter('days_until_due')
  return {
    id: change.newId('sub'),
    customer: customerOf(state, parameters.customer, 'customer').id,
    items: parameters.items.map(({ price, quantity, metadata }, index) => ({
      id: change.newId('si'),
      price: recurringPriceOf(state, price, `items[${index}][price]`),
      quantity: quantity ?? 1,
      metadata: metadata || {},
    })),
    trialEnd: trial === undefined ? (end ?? null) : now + trial * 86_400,
    metadata: parameters.metadata,
    description: parameters.description ?? null,
    billingMode: parameters.billing_mode?.type ?? 'flexible',
    collectionMethod: parameters.collection_method,
    daysUntilDue: parameters.days_until_due ?? null,
    defaultPaymentMethod: parameters.default_payment_method ?? null,
    cancelAtPeriodEnd: parameters.cancel_at_period_end,
  }
}

function recurringPriceOf(state: StripeState, id: string, param: string) {
  const price = priceOf(state, id, param)
  if (!price.recurring)
    throw invalidRequest({
      message: 'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
      param,
    })
  return price
}
