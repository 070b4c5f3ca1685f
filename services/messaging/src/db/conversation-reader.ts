import type { CompanyId } from '@frontdesk/contracts'
import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, eq } from 'drizzle-orm'
import type { ConversationReader, PageQuery } from '../app/ports.ts'
import { toConversation } from './mapping.ts'
import { conversationIdentities } from './schema/conversation-identities.ts'
import { conversations } from './schema/conversations.ts'

/** One company's conversations in the database. */
export function createConversationReader({ orm }: Database, companyId: CompanyId): ConversationReader {
  return {
    async get(conversationId) {
      const [row] = await orm
        .select()
        .from(conversations)
        .where(and(eq(conversations.companyId, companyId), eq(conversations.conversationId, conversationId)))
      return row && toConversation(row)
    },

    async find({ phoneNumberId, kind, value }) {
      const [found] = await orm
        .select({ conversation: conversations })
        .from(conversationIdentities)
        .innerJoin(
          conversations,
          and(eq(conversations.companyId, companyId), eq(conversations.conversationId, conversationIdentities.conversationId)),
        )
        .where(
          and(
            eq(conversationIdentities.companyId, companyId),
            eq(conversationIdentities.phoneNumberId, phoneNumberId),
            eq(conversationIdentities.kind, kind),
            eq(conversationIdentities.value, value),
          ),
        )
      return found && toConversation(found.conversation)
    },

    async list(query) {
      const rows = await conversationsOf(orm, companyId, query)
      return pageOf(rows, query.limit, toConversation, ({ lastMessageAt: instant, conversationId: id }) => positionToken({ instant, id }))
    },
  }
}

/** A page of ListConversations. */
export function conversationsOf(orm: Database['orm'], companyId: CompanyId, { limit, pageToken }: PageQuery) {
  const { order, behind } = keyset(conversations.lastMessageAt, conversations.conversationId, 'latest first')
  return orm
    .select()
    .from(conversations)
    .where(and(eq(conversations.companyId, companyId), behind(pageToken)))
    .orderBy(...order)
    .limit(limit)
}
