import type { CompanyId } from '@frontdesk/contracts'
import { checkSecret, type Connection } from '../domain/connection.ts'
import type { Author } from '../domain/directory-change.ts'
import { notFound } from './find-company.ts'
import type { ConnectionStore, Sources } from './ports.ts'

/** As long as the longest of the providers' retries of what the old secret has signed. */
const overlapMs = 24 * 60 * 60 * 1_000

interface Dependencies extends Pick<Sources, 'now'> {
  readonly connectionsOf: (companyId: CompanyId) => ConnectionStore
}

interface Command {
  readonly connectionId: string
  readonly secret: string
  readonly revokePrevious: boolean
}

/**
 * Gives a connection a new secret; the old one keeps verifying for 24 hours, or is revoked. Repeating it changes nothing,
 * and revoking with the current secret ends the old one alone.
 */
export function rotateConnectionSecret({ connectionsOf, now }: Dependencies) {
  return async (companyId: CompanyId, { connectionId, revokePrevious, ...command }: Command, by: Author): Promise<Connection> => {
    const secret = checkSecret(command.secret)
    const previousUntil = revokePrevious ? undefined : new Date(now().getTime() + overlapMs)
    return (await connectionsOf(companyId).rotateSecret(connectionId, secret, previousUntil, by)) ?? notFound('connection')
  }
}
