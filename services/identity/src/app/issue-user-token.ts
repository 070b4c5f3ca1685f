import { FrontdeskError } from '@frontdesk/errors'
import { companiesFor } from '../domain/user.ts'
import { checkAudience, checkCompanies } from './scope.ts'
import type { TokenSigner } from './ports.ts'
import type { UseSession } from './use-session.ts'

/** Exchanges a session for a caller token, of the client that the person uses and in that person's name. */
export function issueUserToken({ open, signer }: { open: UseSession; signer: TokenSigner }) {
  return async (command: { sessionToken: string; audience: readonly string[]; companyIds: readonly string[] }) => {
    const audience = checkAudience(command.audience)
    if (command.companyIds.length > 0) checkCompanies(command.companyIds)
    const { session, record } = await open(command.sessionToken)
    if (!session.secondFactor) {
      throw new FrontdeskError('failed_precondition', { publicMessage: 'Enrol a second factor first, then log in with it.' })
    }
    const companies = companiesFor(record.user, command.companyIds)
    if (!companies) throw new FrontdeskError('permission_denied', { publicMessage: 'The user does not act for each of these companies.' })
    return signer.sign({ caller: session.client, audience, companies, actor: record.user.id })
  }
}
