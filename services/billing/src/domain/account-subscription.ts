import { entitlementOf } from './entitlement.ts'
import type { SubscriptionState } from './subscription.ts'

/** What decides between a customer's subscriptions. */
export type Candidate = Pick<SubscriptionState, 'id' | 'status' | 'periodStart'>

/**
 * Which of the customer's subscriptions is the account's: the one it has, until that entitles to nothing while another
 * one entitles, as after a company has come back. Of several the one whose period began last.
 */
export function subscriptionOfAccount(current: string | undefined, candidates: readonly Candidate[]): string | undefined {
  const newestFirst = candidates.toSorted((a, b) => beginOf(b) - beginOf(a) || (a.id < b.id ? 1 : -1))
  const entitling = newestFirst.filter(({ status }) => entitlementOf(status).allowed)
  if (entitling.some(({ id }) => id === current)) return current
  return entitling[0]?.id ?? current ?? newestFirst[0]?.id
}

function beginOf({ periodStart }: Candidate): number {
  return periodStart?.getTime() ?? 0
}
