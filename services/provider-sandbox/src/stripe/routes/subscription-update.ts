import { z } from 'zod'
import type { Change } from '../change.ts'
import { invalidRequest, noSuch } from '../errors.ts'
import { planOf } from '../objects/price.ts'
import { cancelingAtPeriodEnd, newItem, withItems } from '../objects/subscription.ts'
import { mergedMetadata, type Price, type Subscription, type SubscriptionItem } from '../objects/types.ts'
import { boolean, integer, metadata, text } from '../parameters.ts'
import { priceOf } from './prices.ts'

const itemParameters = z.strictObject({
  id: text().optional(),
  price: text().optional(),
  quantity: integer().pipe(z.number().min(0)).optional(),
  metadata: metadata(),
  deleted: boolean().optional(),
})

export const updateParameters = {
  items: z.array(itemParameters).max(20).optional(),
  metadata: metadata(),
  description: text().optional(),
  cancel_at_period_end: boolean().optional(),
  default_payment_method: text().optional(),
  trial_end: z.union([z.literal('now'), integer()]).optional(),
  // Prorations are not emulated: a change of items shows on the next invoice.
  proration_behavior: text().optional(),
  payment_behavior: text().optional(),
  off_session: boolean().optional(),
}

type UpdateParameters = z.output<z.ZodObject<typeof updateParameters>>

/** The subscription as the parameters want it. */
export function changedSubscription(change: Change, before: Subscription, parameters: UpdateParameters): Subscription {
  const { cancel_at_period_end: cancels, trial_end: trialEnd, items } = parameters
  const described: Subscription = {
    ...before,
    metadata: mergedMetadata(before.metadata, parameters.metadata),
    ...(parameters.description !== undefined && { description: parameters.description || null }),
    ...(parameters.default_payment_method !== undefined && { default_payment_method: parameters.default_payment_method || null }),
  }
  const itemized = items ? withItems(described, changedItems(change, described, items)) : described
  const trialed = typeof trialEnd === 'number' ? withTrialEnd(itemized, trialEnd, change.now) : itemized
  if (cancels === undefined || cancels === before.cancel_at_period_end) return trialed
  return cancelingAtPeriodEnd(trialed, cancels, change.now)
}

function changedItems(change: Change, subscription: Subscription, wanted: readonly z.output<typeof itemParameters>[]): SubscriptionItem[] {
  const items = new Map(subscription.items.data.map((item) => [item.id, item]))
  for (const { id, price, quantity, metadata, deleted } of wanted) {
    const found = price === undefined ? undefined : priceOf(change.state, price, 'items[0][price]')
    const current = id === undefined ? undefined : items.get(id)
    if (id !== undefined && !current) throw noSuch('subscription item', id, 'items[0][id]', 400)
    if (current && deleted) items.delete(current.id)
    else if (current) items.set(current.id, changedItem(current, found, quantity, metadata))
    else if (found) {
      const item = newItem(
        subscription.id,
        { id: change.newId('si'), price: found, quantity: quantity ?? 1, metadata: metadata || {} },
        null,
        change.now,
      )
      items.set(item.id, item)
    }
  }
  if (items.size === 0) throw invalidRequest({ message: 'A subscription must have at least one active item.', param: 'items' })
  return [...items.values()]
}

function changedItem(
  item: SubscriptionItem,
  price: Price | undefined,
  quantity: number | undefined,
  metadata: Record<string, string> | '' | undefined,
): SubscriptionItem {
  return {
    ...item,
    ...(price && { price, plan: planOf(price) }),
    ...(quantity !== undefined && { quantity }),
    metadata: mergedMetadata(item.metadata, metadata),
  }
}

function withTrialEnd(subscription: Subscription, end: number, now: number): Subscription {
  if (end <= now) throw invalidRequest({ message: 'Invalid timestamp: must be an integer in the future.', param: 'trial_end' })
  const items = subscription.items.data.map((item) => ({ ...item, current_period_end: end }))
  return {
    ...withItems(subscription, items),
    trial_end: end,
    trial_start: subscription.trial_start ?? now,
    status: 'trialing',
    billing_cycle_anchor: end,
  }
}
