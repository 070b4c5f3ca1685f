import type { CompanyId } from '@frontdesk/contracts'
import { checkSecret, type Connection, newConnection } from '../domain/connection.ts'
import { newSignal } from '../domain/signal.ts'
import { findActiveCompany } from './find-company.ts'
import type { CompanyStore, ConnectionStore, Sources } from './ports.ts'

interface Dependencies extends Pick<Sources, 'newId'> {
  readonly companies: CompanyStore
  readonly connectionsOf: (companyId: CompanyId) => ConnectionStore
}

/** Connects a company's own account with a provider; the connection is a signal from the beginning of time. */
export function createConnection({ companies, connectionsOf, newId }: Dependencies) {
  return async (companyId: CompanyId, command: { provider: string; secret: string }): Promise<Connection> => {
    const connection = newConnection({ id: newId('con'), companyId, provider: command.provider })
    const secret = checkSecret(command.secret)
    const signal = newSignal({
      id: newId('sig'),
      companyId,
      kind: 'connection',
      value: connection.id,
      validFrom: undefined,
      validUntil: undefined,
    })
    await findActiveCompany(companies, companyId)
    await connectionsOf(companyId).insert(connection, secret, signal)
    return connection
  }
}
