import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import { checkAudience, checkCompanies } from './scope.ts'
import type { Audit, ServiceCredentials, ServiceGrant, TokenSigner } from './ports.ts'

const maxActorLength = 200

interface ServiceTokenCommand {
  readonly credential: string
  readonly audience: readonly string[]
  readonly companies: readonly string[] | 'all'
  readonly actor: string
  readonly address: string
}

/** Exchanges a service's credential for a caller token in its name, for nothing that the credential was not given for. */
export function issueServiceToken({ credentials, signer, audit }: { credentials: ServiceCredentials; signer: TokenSigner; audit: Audit }) {
  return async (command: ServiceTokenCommand) => {
    const audience = checkAudience(command.audience)
    const { companies, actor, address } = command
    if (companies !== 'all') checkCompanies(companies)
    if (actor.length > maxActorLength) throw invalidArgument(`actor: at most ${maxActorLength} characters`)
    const grant = await credentials.grantOf(command.credential)
    if (!grant) {
      audit.record('service_token', 'refused', { address })
      throw new FrontdeskError('token_invalid', { publicMessage: 'The credential is not one of a service.' })
    }
    const { caller } = grant
    const excess = excessOf(grant, audience, companies)
    if (excess !== undefined) {
      audit.record('service_token', 'exceeded', { caller, address })
      throw new FrontdeskError('permission_denied', { publicMessage: `The credential of ${caller} is not for ${excess}.` })
    }
    return signer.sign({ caller, audience, companies, actor: actor === '' ? undefined : actor })
  }
}

/** What is asked for beyond the grant. */
function excessOf(grant: ServiceGrant, audience: readonly string[], companies: readonly string[] | 'all'): string | undefined {
  const foreign = audience.filter((name) => !grant.audiences.includes(name))
  if (foreign.length > 0) return `calling ${foreign.join(', ')}`
  return companies === 'all' && !grant.allCompanies ? 'all companies' : undefined
}
