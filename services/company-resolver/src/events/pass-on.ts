import type { ReceivedEvent } from '@frontdesk/bus'
import { bulkSubject, companySubject, encodePayload, EventSource, quarantineSubject, vouchForCompanyId } from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'
import type { Attribution } from '../domain/attribute.ts'
import { quarantineReasonMessages } from '../wire/names.ts'

/** A person who decides needs the nearest candidates alone. */
const maxSuggestions = 5

/** The same event (id, revision, lane) for its company, its body untouched, or wrapped for the quarantine. */
export function passOn(received: ReceivedEvent, { event, decision, candidates }: Attribution): NewEvent {
  const { envelope, body } = received
  const inLane = (subject: string) => (received.subject.startsWith(bulkSubject('')) ? bulkSubject(subject) : subject)
  const common = {
    id: envelope.id,
    revision: envelope.revision,
    entityId: envelope.subject,
    occurredAt: envelope.time,
    correlationId: envelope.correlationId,
    causationId: envelope.id,
  }
  if (decision.kind === 'attributed') {
    // The directory itself named the company.
    const companyId = vouchForCompanyId(decision.companyId)
    const subject = inLane(companySubject(companyId, envelope.type))
    return { ...common, type: envelope.type, subject, body, companyId, confidence: decision.confidence }
  }
  const type = 'frontdesk.event.quarantined.v1'
  const quarantined = encodePayload(type, {
    source: EventSource.fromJSON(event.source),
    reason: quarantineReasonMessages[decision.reason],
    eventType: envelope.type,
    suggestions: candidates.slice(0, maxSuggestions).map(({ companyId, posterior }) => ({ companyId, posterior })),
    original: JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>,
  })
  return { ...common, type, subject: inLane(quarantineSubject(event.provider, decision.reason)), body: quarantined }
}
