import type { CompanyId, EventId } from '@frontdesk/contracts'
import { insertedValues, isDuplicateKey, padded, type Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, eq, getTableColumns, gte, inArray, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/mysql-core'
import type { Mailbox, MailboxChanges } from '../app/ports.ts'
import type { Identity } from '../domain/conversation.ts'
import { fromConversation, fromMessage, toConversation, toMessage } from './mapping.ts'
import { conversationIdentities } from './schema/conversation-identities.ts'
import { conversations } from './schema/conversations.ts'
import { messages } from './schema/messages.ts'

/** One company's mailbox in one transaction: whatever is read is locked until its end. */
export function createMailbox({ orm }: Transaction, companyId: CompanyId): Mailbox {
  return {
    async open({ identities = [], keys = [], messageIds = [], providerMessageIds = [], withdrawn = [] }) {
      const identityRows = await readIdentities(orm, companyId, identities)
      const conversationRows = await readConversations(orm, companyId, [...new Set(identityRows.map((row) => row.conversationId))])
      const keyed = await readKeys(orm, companyId, keys)
      const ids = [...messageIds, ...keyed.map(({ messageId }) => messageId)]
      const messageRows = await readMessages(orm, companyId, ids, [...providerMessageIds, ...withdrawn])
      return {
        conversations: conversationRows.map(toConversation),
        identities: identityRows.map(({ phoneNumberId, kind, value, conversationId }) => ({
          identity: { phoneNumberId, kind, value },
          conversationId,
        })),
        messages: messageRows.map(toMessage),
        keyed,
        answered: await readAnswered(orm, companyId, withdrawn),
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

/** Which messages have these keys; a message never changes its key. */
async function readKeys(orm: Orm, companyId: CompanyId, keys: readonly EventId[]) {
  if (keys.length === 0) return []
  const { companyId: company, idempotencyKey, messageId } = messages
  const found = await orm
    .select({ key: idempotencyKey, messageId })
    .from(messages)
    .where(and(eq(company, companyId), inArray(idempotencyKey, padded(keys))))
  return found.flatMap(({ key, messageId: id }) => (key === null ? [] : [{ key, messageId: id }]))
}

/** By either name, each by its own index, then locked by the primary key. */
async function readMessages(orm: Orm, companyId: CompanyId, messageIds: readonly string[], providerMessageIds: readonly string[]) {
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

/** After which of these the company wrote to the customer. */
async function readAnswered(orm: Orm, companyId: CompanyId, providerMessageIds: readonly string[]): Promise<string[]> {
  if (providerMessageIds.length === 0) return []
  const answers = alias(messages, 'answers')
  const rows = await orm
    .selectDistinct({ id: messages.messageId })
    .from(messages)
    .innerJoin(
      answers,
      and(
        eq(answers.companyId, companyId),
        eq(answers.conversationId, messages.conversationId),
        eq(answers.direction, 'outbound'),
        gte(answers.createdAt, messages.createdAt),
      ),
    )
    .where(and(eq(messages.companyId, companyId), inArray(messages.providerMessageId, padded(providerMessageIds))))
  return rows.map(({ id }) => id)
}

type Changes = Partial<MailboxChanges>

async function saveConversations(
  orm: Orm,
  companyId: CompanyId,
  { conversations: changed = [], newIdentities = [] }: Changes,
): Promise<void> {
  if (changed.length > 0) {
    await orm
      .insert(conversations)
      .values(changed.map((conversation) => fromConversation(companyId, conversation)))
      .onDuplicateKeyUpdate({ set: insertedValues(changing) })
  }
  if (newIdentities.length > 0) {
    await orm
      .insert(conversationIdentities)
      .values(newIdentities.map(({ identity, conversationId }) => ({ companyId, ...identity, conversationId })))
  }
}

async function saveMessages(orm: Orm, companyId: CompanyId, { messages: changed = [], keyed = [] }: Changes): Promise<void> {
  if (changed.length > 0) {
    await orm
      .insert(messages)
      .values(changed.map((message) => fromMessage(companyId, message)))
      .onDuplicateKeyUpdate({ set: insertedValues(settling) })
  }
  if (keyed.length > 0) {
    const rows = keyed.map(({ key, message }) => ({ ...fromMessage(companyId, message), idempotencyKey: key }))
    await orm
      .insert(messages)
      .values(rows)
      .onDuplicateKeyUpdate({ set: { messageId: sql`${messages.messageId}` } })
  }
}

/** Merges are rare, and each has to see the one before it. */
async function removeAbsorbed(orm: Orm, companyId: CompanyId, { absorbed = [] }: Changes): Promise<void> {
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
