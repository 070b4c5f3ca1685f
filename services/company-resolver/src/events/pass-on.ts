import type { EventEnvelope, OutgoingMessage, ReceivedEvent } from '@frontdesk/bus'
import {
  bulkSubject,
  type CompanyId,
  companySubject,
  decodePayload,
  encodePayload,
  EventSource,
  type EventType,
  quarantineSubject,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'
import type { Attribution } from '../domain/attribute.ts'
import { quarantineReasonMessages } from '../wire/names.ts'

const quarantinedType = 'frontdesk.event.quarantined.v1'
/** A person who decides needs the nearest candidates alone. */
const maxSuggestions = 5

/** The same event (id, revision, lane) for its company, its body untouched, or wrapped for the quarantine. */
export function passOn(received: ReceivedEvent, { event, decision, candidates }: Attribution): NewEvent {
  const { envelope, body } = received
  const inLane = inLaneOf(received.subject)
  if (decision.kind === 'attributed') {
    // The directory itself named the company.
    const companyId = vouchForCompanyId(decision.companyId)
    const subject = inLane(companySubject(companyId, envelope.type))
    return { ...carriedOver(envelope), type: envelope.type, subject, body, companyId, confidence: decision.confidence }
  }
  const quarantined = encodePayload(quarantinedType, {
    source: EventSource.fromJSON(event.source),
    reason: quarantineReasonMessages[decision.reason],
    eventType: envelope.type,
    suggestions: candidates.slice(0, maxSuggestions).map(({ companyId, posterior }) => ({ companyId, posterior })),
    original: JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>,
  })
  const subject = inLane(quarantineSubject(event.provider, decision.reason))
  return { ...carriedOver(envelope), type: quarantinedType, subject, body: quarantined }
}

/** Where a person's release sends an event. */
interface Addressee {
  readonly companyId: CompanyId
  readonly confidence: number
  /** The type that it had before it was wrapped for the quarantine. */
  readonly eventType: EventType
}

/** The event that was wrapped for the quarantine, as it goes on once a person has named its company: id, revision, lane and trace are its own. */
export function passOnReleased({ envelope, subject, body }: OutgoingMessage, { companyId, confidence, eventType }: Addressee): NewEvent {
  const { original } = decodePayload(quarantinedType, body)
  if (!original) throw new TypeError('a quarantined event has no payload')
  return {
    ...carriedOver(envelope),
    type: eventType,
    subject: inLaneOf(subject)(companySubject(companyId, eventType)),
    body: Buffer.from(JSON.stringify(original)),
    companyId,
    confidence,
    ...(envelope.trace && { trace: envelope.trace }),
  }
}

function carriedOver({ id, revision, subject, time, correlationId }: EventEnvelope) {
  return { id, revision, entityId: subject, occurredAt: time, correlationId, causationId: id }
}

function inLaneOf(origin: string): (subject: string) => string {
  return (subject) => (origin.startsWith(bulkSubject('')) ? bulkSubject(subject) : subject)
}
