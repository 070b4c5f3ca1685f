import type {
  CompanyId,
  Conversation as ConversationMessage,
  Message as MessageMessage,
  MessageStatus as MessageStatusMessage,
  Sender as SenderMessage,
  Template,
} from '@frontdesk/contracts'
import { type Conversation, textAllowedUntil } from '../domain/conversation.ts'
import type { Message, MessageStatus } from '../domain/message.ts'
import type { Sender } from '../domain/sender.ts'
import { directionNames, statusNames } from '../wire/names.ts'

export function toMessageMessage(companyId: CompanyId, message: Message): MessageMessage {
  const { id, conversationId, direction, status, kind, text, template, providerMessageId, purpose, appointmentId } = message
  return {
    messageId: id,
    companyId,
    conversationId: conversationId ?? '',
    direction: directionNames[direction],
    status: statusNames[status],
    kind,
    text,
    template: template && { name: template.name, language: template.language },
    templateParameters: [...(template?.parameters ?? [])],
    providerMessageId: providerMessageId ?? '',
    purpose: purpose ?? '',
    appointmentId: appointmentId ?? '',
    failureReason: message.failureReason,
    createdAt: message.createdAt,
    statusChangedAt: message.statusAt,
    flaggedAt: message.flaggedAt,
  }
}

export function toConversationMessage(companyId: CompanyId, conversation: Conversation): ConversationMessage {
  const { id, customer, lastMessageAt } = conversation
  return {
    conversationId: id,
    companyId,
    customer: { phoneNumber: customer.phoneNumber, providerUserId: customer.userId, name: customer.name },
    lastMessageAt,
    textAllowedUntil: textAllowedUntil(conversation),
  }
}

export function toSenderMessage(companyId: CompanyId, { phoneNumberId, businessAccountId, confirmationTemplate }: Sender): SenderMessage {
  return { companyId, phoneNumberId, businessAccountId, confirmationTemplate: confirmationTemplate && { ...confirmationTemplate } }
}

/** A template that names nothing is none. */
export function fromTemplateMessage(template: Template | undefined): { name: string; language: string } | undefined {
  return template && (template.name !== '' || template.language !== '') ? { name: template.name, language: template.language } : undefined
}

/** Undefined where the request names none, which matches all. */
export function fromStatusMessage(status: MessageStatusMessage): MessageStatus | undefined {
  const known = Object.entries(statusNames).find(([, message]) => message === status)
  return known?.[0] as MessageStatus | undefined
}
