import type { CompanyId } from '@frontdesk/contracts'
import type { Connection } from '../domain/connection.ts'
import type { Author } from '../domain/directory-change.ts'
import { notFound } from './find-company.ts'
import type { ConnectionStore, Sources } from './ports.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly connectionsOf: (companyId: CompanyId) => ConnectionStore
}

/** Ends a connection and its signals: deliveries to it are refused from now on. */
export function deactivateConnection({ connectionsOf, now }: Dependencies) {
  return async (companyId: CompanyId, connectionId: string, by: Author): Promise<Connection> =>
    (await connectionsOf(companyId).deactivate(connectionId, now(), by)) ?? notFound('connection')
}
