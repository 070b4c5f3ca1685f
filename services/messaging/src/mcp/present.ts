import { z } from 'zod'
import { textAllowedUntil } from '../domain/conversation.ts'
import type { DeskConversation, DeskMessage } from './ports.ts'

const instant = z.iso.datetime()

export const conversationSchema = z.object({
  conversation_id: z.string(),
  customer_name: z.string(),
  customer_phone_number: z.string().describe('E.164; empty when unknown.'),
  last_message_at: instant,
  text_allowed_until: instant.optional().describe('Until when send_message works; absent if the customer never wrote.'),
})

export const messageSchema = z.object({
  message_id: z.string(),
  conversation_id: z.string().optional(),
  direction: z.enum(['inbound', 'outbound']),
  kind: z.string().describe('text, template, or what the provider names an inbound one.'),
  text: z.string(),
  template: z.object({ name: z.string(), language: z.string(), parameters: z.array(z.string()) }).optional(),
  status: z.string().describe('received, queued, sending, sent, delivered, read, failed or unconfirmed.'),
  failure_reason: z.string().optional(),
  created_at: instant,
})

export const nextPageToken = z.string().optional().describe('There are more: pass it as page_token. Absent on the last page.')

export function presentConversation(conversation: DeskConversation): z.output<typeof conversationSchema> {
  const { id, customer, lastMessageAt } = conversation
  const textUntil = textAllowedUntil(conversation)
  return {
    conversation_id: id,
    customer_name: customer.name,
    customer_phone_number: customer.phoneNumber,
    last_message_at: lastMessageAt.toISOString(),
    ...(textUntil && { text_allowed_until: textUntil.toISOString() }),
  }
}

export function presentMessage(message: DeskMessage): z.output<typeof messageSchema> {
  const { id, conversationId, direction, kind, text, template, status, failureReason, createdAt } = message
  return {
    message_id: id,
    ...(conversationId !== undefined && { conversation_id: conversationId }),
    direction,
    kind,
    text,
    ...(template && { template: { ...template, parameters: [...template.parameters] } }),
    status,
    ...(failureReason !== '' && { failure_reason: failureReason }),
    created_at: createdAt.toISOString(),
  }
}

/** One line. What strangers wrote stands as JSON strings, so that it can not pass for a line of ours. */
export function conversationLine(conversation: z.output<typeof conversationSchema>): string {
  const { conversation_id, customer_name, customer_phone_number, last_message_at, text_allowed_until } = conversation
  const window = text_allowed_until ? `text allowed until ${text_allowed_until}` : 'only a template may be sent'
  return `${conversation_id}  ${JSON.stringify(customer_name)} ${customer_phone_number}  last message ${last_message_at}; ${window}`
}

export function messageLine(message: z.output<typeof messageSchema>): string {
  const { message_id, direction, kind, text, template, status, failure_reason, created_at } = message
  const content = template ? `${template.name} (${template.language}) ${JSON.stringify(template.parameters)}` : JSON.stringify(text)
  const why = failure_reason === undefined ? '' : ` (${JSON.stringify(failure_reason)})`
  return `${created_at}  ${direction} ${kind} ${message_id}, ${status}${why}: ${content}`
}

/** The lines of a list, and how to go on. */
export function listText(heading: string, lines: readonly string[], next: string): string {
  return [heading, ...lines, ...(next === '' ? [] : [`More: page_token ${next}`])].join('\n')
}
