/** Whether a company may use what its plan has, and why not. */
export type Entitlement = { readonly allowed: true } | { readonly allowed: false; readonly reason: 'no_subscription' | 'inactive' }

/** A payment that is late has its grace: the provider goes on trying, and says "unpaid" or "canceled" when it gave up. */
const allowing = new Set(['active', 'trialing', 'past_due'])

/** By the status of the account's subscription; undefined when there is none. */
export function entitlementOf(status: string | undefined): Entitlement {
  if (status === undefined) return { allowed: false, reason: 'no_subscription' }
  return allowing.has(status) ? { allowed: true } : { allowed: false, reason: 'inactive' }
}
