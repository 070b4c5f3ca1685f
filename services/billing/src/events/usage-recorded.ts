import type { ReceivedEvent } from '@frontdesk/bus'
import { type CompanyId, companySubject, deriveEventId, encodePayload } from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'
import type { UsageRecord } from '../domain/usage.ts'
import { usageKindMessages } from '../wire/names.ts'

const type = 'frontdesk.usage.recorded.v1'

/** What other services are told of a counted or amended use. */
export function usageRecorded(companyId: CompanyId, record: UsageRecord, { envelope }: ReceivedEvent): NewEvent {
  const { id: usageId, kind, quantity, eventId, entityId, usedAt } = record
  return {
    // The same cause tells the same use once, however often it is handled.
    id: deriveEventId(['frontdesk/billing', companyId, envelope.id, String(envelope.revision), type]),
    revision: 1,
    type,
    subject: companySubject(companyId, type),
    entityId: usageId,
    body: encodePayload(type, { usageId, kind: usageKindMessages[kind], quantity: BigInt(quantity), eventId, entityId, usedAt }),
    occurredAt: usedAt,
    companyId,
    correlationId: envelope.correlationId,
    causationId: envelope.id,
  }
}
