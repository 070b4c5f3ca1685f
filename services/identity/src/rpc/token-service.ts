import type { TokenServiceImplementation } from '@frontdesk/contracts'
import type { issueServiceToken } from '../app/issue-service-token.ts'
import { addressOf } from './convert.ts'

/** `frontdesk.identity.v1.TokenService`. */
export function createTokenService(deps: { readonly issueServiceToken: ReturnType<typeof issueServiceToken> }): TokenServiceImplementation {
  return {
    issueServiceToken: ({ credential, audience, companyIds, allCompanies, actor }, { peer }) =>
      deps.issueServiceToken({
        credential,
        audience,
        companies: allCompanies ? 'all' : companyIds,
        actor,
        address: addressOf(peer),
      }),
  }
}
