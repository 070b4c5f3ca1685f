import { type AttributionServiceClient, type QuarantineReason, vouchForCompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Guard, RpcCallOptions } from '@frontdesk/rpc'
import type { CompanyFinder } from '../app/ports.ts'

/** The resolver over gRPC. */
export function createCompanyFinder(client: Pick<AttributionServiceClient<RpcCallOptions>, 'resolveCompany'>, guard: Guard): CompanyFinder {
  return {
    async find(provider, evidence) {
      const { decision } = await guard((options) => client.resolveCompany({ provider, evidence: [...evidence] }, options))
      switch (decision?.$case) {
        case 'resolved': {
          const { companyId, name, timeZone } = decision.value
          return { companyId: vouchForCompanyId(companyId), name, timeZone }
        }
        case 'unresolved':
          return { reason: reasonName(decision.value.reason) }
        default:
          throw new FrontdeskError('internal', { publicMessage: 'company-resolver gave no decision.' })
      }
    },
  }
}

/** `QUARANTINE_REASON_NO_MATCH` → `no_match` */
function reasonName(reason: QuarantineReason): string {
  return reason.replace('QUARANTINE_REASON_', '').toLowerCase()
}
