import type { CompanyId } from '@frontdesk/contracts'
import { insertedValues, isDuplicateKey, padded, type Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, eq, getTableColumns, inArray, or, sql } from 'drizzle-orm'
import type { Mailbox, MailboxChanges, MailboxNames } from '../app/ports.ts'
import type { Identity } from '../domain/conversation.ts'
import { fromConversation, fromMessage, toConversation, toMessage } from './mapping.ts'
import { conversationIdentities } from './schema/conversation-identities.ts'
import { conversations } from './schema/conversations.ts'
import { messages } from './schema/messages.ts'

/** One company's mailbox in one transaction: whatever is read is locked until its end. */
export function createMailbox({ orm }: Transaction, companyId: CompanyId): Mailbox {
  return {
    async open(names) {
      const identityRows = await readIdentities(orm, companyId, names.identities)
      const conversationRows = await readConversations(orm, companyId, [...new Set(identityRows.map((row) => row.conversationId))])
      const messageRows = await readMessages(orm, companyId, names)
      return {
        conversations: conversationRows.map(toConversation),
        identities: identityRows.map(({ phoneNumberId, kind, value, conversationId }) => ({
          identity: { phoneNumberId, kind, value },
          conversationId,
        })),
        messages: messageRows.map(toMessage),
      }
    },

    async save(changes) {
      try {
        await saveConversations(orm, companyId, changes)
        await saveMessages(orm, companyId, changes)
        await removeAbsorbed(orm, companyId, changes)
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw new FrontdeskError('version_conflict', { publicMessage: 'The same was written at the same time.', cause: error })
      }
    },
  }
}

type Orm = Transaction['orm']

const {
  companyId: _company,
  conversationId: _id,
  createdAt: _created,
  phoneNumberId: _number,
  ...changing
} = getTableColumns(conversations)
const { companyId: _owner, messageId: _message, createdAt: _made, idempotencyKey: _key, ...settling } = getTableColumns(messages)

/** Each number's kind is a list of its own, so that the primary key answers it. */
async function readIdentities(orm: Orm, companyId: CompanyId, identities: readonly Identity[]) {
  if (identities.length === 0) return []
  const { companyId: company, phoneNumberId, kind, value } = conversationIdentities
  const groups = [...Map.groupBy(identities, (identity) => `${identity.kind} ${identity.phoneNumberId}`).values()]
  const named = groups.flatMap((group) => {
    const [first] = group
    if (!first) return []
    const values = padded([...new Set(group.map((identity) => identity.value))])
    return [and(eq(phoneNumberId, first.phoneNumberId), eq(kind, first.kind), inArray(value, values))]
  })
  return orm
    .select()
    .from(conversationIdentities)
    .where(and(eq(company, companyId), or(...named)))
    .for('update')
}

async function readConversations(orm: Orm, companyId: CompanyId, ids: readonly string[]) {
  if (ids.length === 0) return []
  return orm
    .select()
    .from(conversations)
    .where(and(eq(conversations.companyId, companyId), inArray(conversations.conversationId, padded(ids))))
    .for('update')
}

/** By either name, each by its own index, then locked by the primary key. */
async function readMessages(orm: Orm, companyId: CompanyId, { providerMessageIds, messageIds }: MailboxNames) {
  const { companyId: company, providerMessageId, messageId } = messages
  const ids = new Set(messageIds)
  if (providerMessageIds.length > 0) {
    const found = await orm
      .select({ id: messageId })
      .from(messages)
      .where(and(eq(company, companyId), inArray(providerMessageId, padded(providerMessageIds))))
    for (const { id } of found) ids.add(id)
  }
  if (ids.size === 0) return []
  return orm
    .select()
    .from(messages)
    .where(and(eq(company, companyId), inArray(messageId, padded([...ids].toSorted()))))
    .for('update')
}

async function saveConversations(orm: Orm, companyId: CompanyId, changes: MailboxChanges): Promise<void> {
  if (changes.conversations.length > 0) {
    await orm
      .insert(conversations)
      .values(changes.conversations.map((conversation) => fromConversation(companyId, conversation)))
      .onDuplicateKeyUpdate({ set: insertedValues(changing) })
  }
  if (changes.newIdentities.length > 0) {
    await orm
      .insert(conversationIdentities)
      .values(changes.newIdentities.map(({ identity, conversationId }) => ({ companyId, ...identity, conversationId })))
  }
}

async function saveMessages(orm: Orm, companyId: CompanyId, changes: MailboxChanges): Promise<void> {
  if (changes.messages.length > 0) {
    await orm
      .insert(messages)
      .values(changes.messages.map((message) => fromMessage(companyId, message)))
      .onDuplicateKeyUpdate({ set: insertedValues(settling) })
  }
  if (changes.keyed.length > 0) {
    const rows = changes.keyed.map(({ key, message }) => ({ ...fromMessage(companyId, message), idempotencyKey: key }))
    await orm
      .insert(messages)
      .values(rows)
      .onDuplicateKeyUpdate({ set: { messageId: sql`${messages.messageId}` } })
  }
}

/** Merges are rare, and each has to see the one before it. */
async function removeAbsorbed(orm: Orm, companyId: CompanyId, { absorbed }: MailboxChanges): Promise<void> {
  for (const { conversationId, into } of absorbed) {
    await orm
      .update(messages)
      .set({ conversationId: into })
      .where(and(eq(messages.companyId, companyId), eq(messages.conversationId, conversationId)))
    await orm
      .update(conversationIdentities)
      .set({ conversationId: into })
      .where(and(eq(conversationIdentities.companyId, companyId), eq(conversationIdentities.conversationId, conversationId)))
    await orm.delete(conversations).where(and(eq(conversations.companyId, companyId), eq(conversations.conversationId, conversationId)))
  }
}
