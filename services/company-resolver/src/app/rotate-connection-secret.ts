import type { CompanyId } from '@frontdesk/contracts'
import { checkSecret, type Connection } from '../domain/connection.ts'
import { notFound } from './find-company.ts'
import type { ConnectionStore } from './ports.ts'

/** Gives a connection a new secret; the old one keeps verifying until the next rotation. Repeating it changes nothing. */
export function rotateConnectionSecret({ connectionsOf }: { connectionsOf: (companyId: CompanyId) => ConnectionStore }) {
  return async (companyId: CompanyId, command: { connectionId: string; secret: string }): Promise<Connection> => {
    const secret = checkSecret(command.secret)
    return (await connectionsOf(companyId).rotateSecret(command.connectionId, secret)) ?? notFound('connection')
  }
}
