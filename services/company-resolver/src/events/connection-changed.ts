import { type CompanyId, companySubject, deriveEventId, encodePayload } from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'

/** A connection as a change left it. */
export interface ConnectionChange {
  readonly companyId: CompanyId
  readonly connectionId: string
  readonly provider: string
  /** Its place in the order of all connections' changes. */
  readonly version: bigint
}

/** What tells the ingress at once to read a connection's secrets; without it, it would within its next poll. */
export function connectionChanged({ companyId, ...change }: ConnectionChange, at: Date): NewEvent {
  const type = 'frontdesk.connection.changed.v1'
  const id = deriveEventId(['frontdesk/company-resolver', companyId, change.connectionId, type, String(change.version)])
  return {
    id,
    revision: 1,
    type,
    subject: companySubject(companyId, type),
    entityId: change.connectionId,
    body: encodePayload(type, change),
    occurredAt: at,
    companyId,
    correlationId: id,
  }
}
