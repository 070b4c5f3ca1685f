import type { CompanyId, EventId } from '@frontdesk/contracts'
import { type Database, isDuplicateKey, type Transaction, withTransaction } from '@frontdesk/database'
import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import { and, eq } from 'drizzle-orm'
import type { OutgoingMessages, Queued, QueueRequest, Target } from '../app/ports.ts'
import { type Conversation, identitiesOf } from '../domain/conversation.ts'
import type { Message } from '../domain/message.ts'
import { createMailbox } from './mailbox.ts'
import { fromMessage, toConversation, toMessage } from './mapping.ts'
import { conversations } from './schema/conversations.ts'
import { messages } from './schema/messages.ts'

/** One company's queue in the database; `onQueued` is called after each commit that has something to send. */
export function createOutgoing(database: Database, companyId: CompanyId, onQueued: () => void): OutgoingMessages {
  const queueOnce = ({ target, key, decide }: QueueRequest): Promise<Queued> =>
    withTransaction(database, async (tx) => {
      const current = await lockConversation(tx, companyId, target)
      const before = await messageOfKey(tx, companyId, key)
      if (before) {
        // Whoever was first may have begun the conversation since we looked for it.
        const { id } = current ?? (await lockConversation(tx, companyId, target)) ?? {}
        return { message: before, isNew: false, isSameTarget: id === before.conversationId }
      }
      const { conversation, message } = decide(current)
      const newIdentities = current
        ? []
        : identitiesOf(conversation.phoneNumberId, conversation.customer).map((identity) => ({
            identity,
            conversationId: conversation.id,
          }))
      await createMailbox(tx, companyId).save({ conversations: [conversation], newIdentities })
      await insert(tx, companyId, key, message)
      tx.afterCommit(onQueued)
      return { message, isNew: true, isSameTarget: true }
    })

  return {
    /** Whoever was first is there to be found by the second attempt. */
    queue: (request) =>
      queueOnce(request).catch((error: unknown) => {
        if (!isFrontdeskError(error, 'version_conflict')) throw error
        return queueOnce(request)
      }),

    change: (messageId, change) =>
      withTransaction(database, async (tx) => {
        const [row] = await tx.orm
          .select()
          .from(messages)
          .where(and(eq(messages.companyId, companyId), eq(messages.messageId, messageId)))
          .for('update')
        if (!row) return undefined
        const message = change(toMessage(row))
        await createMailbox(tx, companyId).save({ messages: [message] })
        tx.afterCommit(onQueued)
        return message
      }),
  }
}

async function lockConversation(tx: Transaction, companyId: CompanyId, target: Target): Promise<Conversation | undefined> {
  if ('conversationId' in target) {
    const [row] = await tx.orm
      .select()
      .from(conversations)
      .where(and(eq(conversations.companyId, companyId), eq(conversations.conversationId, target.conversationId)))
      .for('update')
    return row && toConversation(row)
  }
  const identities = identitiesOf(target.phoneNumberId, { phoneNumber: target.phoneNumber, userId: '', name: '' })
  const page = await createMailbox(tx, companyId).open({ identities })
  return page.conversations[0]
}

/** Not an upsert: the same key at another conversation at the same time has to be seen. */
async function insert(tx: Transaction, companyId: CompanyId, key: EventId, message: Message): Promise<void> {
  try {
    await tx.orm.insert(messages).values({ ...fromMessage(companyId, message), idempotencyKey: key })
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw new FrontdeskError('version_conflict', { publicMessage: 'The same key was used at the same time. Try again.', cause: error })
  }
}

async function messageOfKey(tx: Transaction, companyId: CompanyId, key: EventId) {
  const [row] = await tx.orm
    .select()
    .from(messages)
    .where(and(eq(messages.companyId, companyId), eq(messages.idempotencyKey, key)))
  return row && toMessage(row)
}
