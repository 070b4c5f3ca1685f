import { type CompanyId, companySubject, deriveEventId, encodePayload } from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'
import type { Message } from '../domain/message.ts'

const type = 'frontdesk.message.sent.v1'

/** What other services are told when the provider took a message; the same message is told once, however we learned of it. */
export function messageSent(companyId: CompanyId, message: Message, causationId: string | undefined): NewEvent {
  const { id, conversationId, providerMessageId, kind, purpose, appointmentId, takenAt, correlationId } = message
  const sentAt = takenAt ?? message.statusAt
  return {
    id: deriveEventId(['frontdesk/messaging', companyId, type, id]),
    revision: 1,
    type,
    subject: companySubject(companyId, type),
    entityId: id,
    body: encodePayload(type, {
      messageId: id,
      conversationId: conversationId ?? '',
      providerMessageId: providerMessageId ?? '',
      kind,
      purpose: purpose ?? '',
      appointmentId: appointmentId ?? '',
      sentAt,
    }),
    occurredAt: sentAt,
    companyId,
    correlationId,
    ...(causationId !== undefined && { causationId }),
  }
}
