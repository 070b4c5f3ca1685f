import { isCompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { invalid } from '../domain/invalid.ts'
import { checkAudience } from './audience.ts'
import type { Audit, ServiceCredentials, TokenSigner } from './ports.ts'

const maxActorLength = 200
const maxCompanies = 100

/** Exchanges a service's credential for a caller token in its name. */
export function issueServiceToken({ credentials, signer, audit }: { credentials: ServiceCredentials; signer: TokenSigner; audit: Audit }) {
  return async (command: { credential: string; audience: readonly string[]; companies: readonly string[] | 'all'; actor: string }) => {
    const audience = checkAudience(command.audience)
    const { companies, actor } = command
    if (companies !== 'all' && (companies.length === 0 || companies.length > maxCompanies || !companies.every(isCompanyId))) {
      throw invalid(`company_ids: give 1 to ${maxCompanies} company ids, or all_companies`)
    }
    if (actor.length > maxActorLength) throw invalid(`actor: at most ${maxActorLength} characters`)
    const caller = await credentials.callerOf(command.credential)
    if (caller === undefined) {
      audit.record('service_token', 'refused', {})
      throw new FrontdeskError('token_invalid', { publicMessage: 'The credential is not one of a service.' })
    }
    return signer.sign({ caller, audience, companies, actor: actor === '' ? undefined : actor })
  }
}
