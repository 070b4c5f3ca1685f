import type { CompanyId } from '@frontdesk/contracts'
import type { Conversation } from '../domain/conversation.ts'
import type { Message } from '../domain/message.ts'
import type { conversations } from './schema/conversations.ts'
import type { messages } from './schema/messages.ts'

export type ConversationRow = typeof conversations.$inferSelect
export type MessageRow = typeof messages.$inferSelect

export function toConversation(row: ConversationRow): Conversation {
  return {
    id: row.conversationId,
    phoneNumberId: row.phoneNumberId,
    customer: { phoneNumber: row.customerPhone, userId: row.customerUserId, name: row.customerName },
    lastMessageAt: row.lastMessageAt,
    lastInboundAt: row.lastInboundAt ?? undefined,
    createdAt: row.createdAt,
  }
}

/** Free text is cut to its column: a long one must not keep a message from being kept. */
export function fromConversation(companyId: CompanyId, conversation: Conversation): ConversationRow {
  const { id, phoneNumberId, customer, lastMessageAt, lastInboundAt, createdAt } = conversation
  return {
    companyId,
    conversationId: id,
    phoneNumberId,
    customerPhone: customer.phoneNumber,
    customerUserId: customer.userId,
    customerName: cut(customer.name, 255),
    lastMessageAt,
    lastInboundAt: lastInboundAt ?? null,
    createdAt,
  }
}

export function toMessage(row: MessageRow): Message {
  const { templateName, templateLanguage, templateParameters } = row
  return {
    id: row.messageId,
    conversationId: row.conversationId ?? undefined,
    direction: row.direction,
    kind: row.kind,
    text: row.text,
    template:
      templateName === null ? undefined : { name: templateName, language: templateLanguage ?? '', parameters: templateParameters ?? [] },
    status: row.status,
    statusAt: row.statusAt,
    providerMessageId: row.providerMessageId ?? undefined,
    purpose: row.purpose ?? undefined,
    appointmentId: row.appointmentId ?? undefined,
    failureReason: row.failureReason,
    attempts: row.attempts,
    queuedAt: row.queuedAt,
    dueAt: row.dueAt ?? undefined,
    takenAt: row.takenAt ?? undefined,
    flaggedAt: row.flaggedAt ?? undefined,
    correlationId: row.correlationId,
    causationId: row.causationId ?? undefined,
    createdAt: row.createdAt,
  }
}

/** Without its idempotency key, which only the insert of a new one sets. */
export function fromMessage(companyId: CompanyId, message: Message): Omit<MessageRow, 'idempotencyKey'> {
  const { id, conversationId, template, providerMessageId, purpose, appointmentId, dueAt, takenAt, flaggedAt, causationId } = message
  const { direction, status, statusAt, attempts, queuedAt, correlationId, createdAt } = message
  return {
    companyId,
    messageId: id,
    conversationId: conversationId ?? null,
    direction,
    kind: cut(message.kind, 40),
    text: cut(message.text, 4_096),
    templateName: template?.name ?? null,
    templateLanguage: template?.language ?? null,
    templateParameters: template?.parameters ?? null,
    status,
    statusAt,
    providerMessageId: providerMessageId ?? null,
    purpose: purpose ?? null,
    appointmentId: appointmentId ?? null,
    failureReason: cut(message.failureReason, 1_000),
    attempts,
    queuedAt,
    dueAt: dueAt ?? null,
    takenAt: takenAt ?? null,
    flaggedAt: flaggedAt ?? null,
    correlationId,
    causationId: causationId ?? null,
    createdAt,
  }
}

/** The first so many characters as the database counts them, which are code points. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : Array.from(text).slice(0, length).join('')
}
