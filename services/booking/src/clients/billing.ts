import { type BillingServiceClient, EntitlementReason, Feature } from '@frontdesk/contracts'
import type { Guard, RpcCallOptions } from '@frontdesk/rpc'
import type { Entitlements, RefusalReason } from '../app/ports.ts'

/** Billing over gRPC; each question carries a token for its own company alone. */
export function createEntitlements(client: Pick<BillingServiceClient<RpcCallOptions>, 'checkEntitlement'>, guard: Guard): Entitlements {
  return {
    async voice(companyId) {
      const ask = (options: { signal: AbortSignal }) =>
        client.checkEntitlement({ companyId, feature: Feature.VOICE }, { ...options, companies: [companyId] })
      const { allowed, reason } = await guard(ask)
      return allowed ? { allowed } : { allowed, reason: toReason(reason) }
    },
  }
}

function toReason(reason: EntitlementReason): RefusalReason {
  if (reason === EntitlementReason.NO_SUBSCRIPTION) return 'no_subscription'
  return reason === EntitlementReason.SUBSCRIPTION_INACTIVE ? 'subscription_inactive' : 'other'
}
