import type { ReceivedEvent } from '@frontdesk/bus'
import { bulkSubject, companySubject, deriveEventId, encodePayload, EventSource, vouchForCompanyId } from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'
import type { Decided } from '../app/attribute-events.ts'
import type { Withdrawal } from '../domain/withdraw.ts'

const type = 'frontdesk.event.withdrawn.v1'

/** The event that takes another one back. */
export function eventWithdrawn({ eventId, beforeRevision, holder, at, correlationId, bulk, ...rest }: Withdrawal): NewEvent {
  // The directory itself named it once.
  const companyId = vouchForCompanyId(holder.companyId)
  // What speaks for other companies is none of its business.
  const source = { ...EventSource.fromJSON(rest.source), evidence: [] }
  const subject = companySubject(companyId, type)
  return {
    id: deriveEventId(['frontdesk/company-resolver', companyId, eventId, type, String(beforeRevision)]),
    revision: 1,
    type,
    subject: bulk ? bulkSubject(subject) : subject,
    entityId: source.entityId || eventId,
    body: encodePayload(type, { eventId, beforeRevision, eventType: holder.eventType, source }),
    occurredAt: at,
    companyId,
    correlationId,
    causationId: eventId,
  }
}

/** The withdrawal that a decided revision brings about, if it brings any; in the revision's own lane. */
export function withdrawals({ envelope, subject }: ReceivedEvent, { event, withdrawnFrom: holder }: Decided): NewEvent[] {
  if (!holder) return []
  const { id: eventId, revision: beforeRevision, correlationId, time: at } = envelope
  return [
    eventWithdrawn({ eventId, beforeRevision, holder, source: event.source, at, correlationId, bulk: subject === bulkSubject(subject) }),
  ]
}
