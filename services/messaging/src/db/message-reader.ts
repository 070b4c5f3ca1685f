import type { CompanyId } from '@frontdesk/contracts'
import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, eq, isNotNull } from 'drizzle-orm'
import type { MessageQuery, MessageReader } from '../app/ports.ts'
import { toMessage } from './mapping.ts'
import { messages } from './schema/messages.ts'

/** One company's messages in the database. */
export function createMessageReader({ orm }: Database, companyId: CompanyId): MessageReader {
  return {
    async get(messageId) {
      const [row] = await orm
        .select()
        .from(messages)
        .where(and(eq(messages.companyId, companyId), eq(messages.messageId, messageId)))
      return row && toMessage(row)
    },

    async list(query) {
      const rows = await messagesOf(orm, companyId, query)
      return pageOf(rows, query.limit, toMessage, ({ createdAt: instant, messageId: id }) => positionToken({ instant, id }))
    },
  }
}

/** A page of ListMessages, or of a conversation's. */
export function messagesOf(orm: Database['orm'], companyId: CompanyId, query: MessageQuery) {
  const { conversationId, status, appointmentId, providerMessageId, flagged, limit, pageToken } = query
  const { order, behind } = keyset(messages.createdAt, messages.messageId, 'latest first')
  return orm
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.companyId, companyId),
        conversationId === undefined ? undefined : eq(messages.conversationId, conversationId),
        status === undefined ? undefined : eq(messages.status, status),
        appointmentId === undefined ? undefined : eq(messages.appointmentId, appointmentId),
        providerMessageId === undefined ? undefined : eq(messages.providerMessageId, providerMessageId),
        flagged ? isNotNull(messages.flaggedAt) : undefined,
        behind(pageToken),
      ),
    )
    .orderBy(...order)
    .limit(limit)
}
