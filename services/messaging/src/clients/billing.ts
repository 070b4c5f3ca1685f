import type { BillingServiceDefinition, EntitlementReason } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import type { Entitlements } from '../app/ports.ts'

const reasons: Readonly<Record<EntitlementReason, string>> = {
  ENTITLEMENT_REASON_NO_SUBSCRIPTION: 'The company has no subscription.',
  ENTITLEMENT_REASON_SUBSCRIPTION_INACTIVE: 'The company’s subscription is not active.',
  ENTITLEMENT_REASON_UNSPECIFIED: 'The company may not send messages.',
  UNRECOGNIZED: 'The company may not send messages.',
}

/** Billing over gRPC, by tokens for the one company. */
export function createEntitlements(client: Pick<RpcClient<typeof BillingServiceDefinition>, 'checkEntitlement'>): Entitlements {
  return {
    async refusalOf(companyId) {
      const { allowed, reason } = await client.checkEntitlement({ companyId, feature: 'FEATURE_MESSAGING' }, { companies: [companyId] })
      return allowed ? undefined : reasons[reason]
    },
  }
}
