import type { CompanyId } from '@frontdesk/contracts'
import { acrossCompanies, type Database, padded, type Transaction, withTransaction } from '@frontdesk/database'
import { and, asc, eq, inArray, lte } from 'drizzle-orm'
import type { Addressee, LeasedMessage, SendQueue } from '../app/ports.ts'
import { beginAttempt, postpone, refuse, settleAttempt } from '../domain/attempt.ts'
import { afterOutbound, identitiesOf, openConversation } from '../domain/conversation.ts'
import type { Message } from '../domain/message.ts'
import { createMailbox } from './mailbox.ts'
import { toMessage } from './mapping.ts'
import { messages } from './schema/messages.ts'

export interface SendQueueOptions {
  readonly now: () => Date
  readonly random: () => number
  readonly newConversationId: () => string
  /** How long a leased message is nobody else's; longer than what is asked before `begin` takes. */
  readonly leaseMs: number
  /** How long an outcome is waited for. */
  readonly unconfirmedAfterMs: number
  /** Puts the event that the provider took it into the same commit. */
  readonly onTaken: (tx: Transaction, companyId: CompanyId, message: Message) => Promise<void>
}

/** What the sender works from, in the database. */
export function createSendQueue(database: Database, options: SendQueueOptions): SendQueue {
  const { now, random, newConversationId, leaseMs, unconfirmedAfterMs, onTaken } = options
  const { companyId: company, messageId: id, status, attempts } = messages

  return {
    lease: (limit) =>
      withTransaction(database, ({ orm }) =>
        acrossCompanies('messages that are due', async () => {
          const at = now()
          const rows = await dueMessages(orm, 'queued', at, limit).for('update', { skipLocked: true })
          if (rows.length > 0) {
            const named = and(
              inArray(company, padded([...new Set(rows.map((row) => row.companyId))])),
              inArray(id, padded(rows.map((row) => row.messageId))),
            )
            await orm
              .update(messages)
              .set({ dueAt: new Date(at.getTime() + leaseMs) })
              .where(named)
          }
          return rows.map((row) => ({ companyId: row.companyId, message: toMessage(row) }))
        }),
      ),

    begin: ({ companyId, message }, addressee, content) =>
      withTransaction(database, async (tx) => {
        const at = now()
        const opened = addressee.conversationId === undefined ? await openFor(tx, companyId, addressee, newConversationId, at) : undefined
        const conversationId = opened?.conversation.id ?? addressee.conversationId
        const current = await lockQueued(tx, { companyId, message })
        if (!current || conversationId === undefined) return undefined
        const begun = beginAttempt(current, content, conversationId, at, new Date(at.getTime() + unconfirmedAfterMs))
        await createMailbox(tx, companyId).save({
          conversations: opened ? [afterOutbound(opened.conversation, at)] : [],
          newIdentities: opened?.newIdentities ?? [],
          messages: [begun],
        })
        return begun
      }),

    settle: (companyId, messageId, outcome) =>
      withTransaction(database, async (tx) => {
        const {
          messages: [current],
        } = await createMailbox(tx, companyId).open({ messageIds: [messageId] })
        if (!current) return undefined
        const { message, taken } = settleAttempt(current, outcome, now(), random)
        if (message !== current) await save(tx, companyId, message)
        if (taken) await onTaken(tx, companyId, message)
        return message
      }),

    putBack: (leased, outcome) =>
      withTransaction(database, async (tx) => {
        const current = await lockQueued(tx, leased)
        if (!current) return
        const at = now()
        const message = outcome.kind === 'refused' ? refuse(current, outcome.reason, at) : postpone(current, outcome, at, random)
        await save(tx, leased.companyId, message)
      }),

    unconfirm: () =>
      withTransaction(database, ({ orm }) =>
        acrossCompanies('messages whose outcome has not come', async () => {
          const at = now()
          const rows = await dueMessages(orm, 'sending', at, 500).for('update', { skipLocked: true })
          if (rows.length === 0) return []
          const named = and(
            inArray(company, padded([...new Set(rows.map((row) => row.companyId))])),
            inArray(id, padded(rows.map((row) => row.messageId))),
          )
          await orm.update(messages).set({ status: 'unconfirmed', statusAt: at, dueAt: null }).where(named)
          return rows.map(({ companyId, messageId }) => ({ companyId, messageId }))
        }),
      ),
  }

  /** The leased message while it is still queued with as many attempts: another replica may have had it since. */
  async function lockQueued({ orm }: Transaction, { companyId, message }: LeasedMessage): Promise<Message | undefined> {
    const [row] = await orm
      .select()
      .from(messages)
      .where(and(eq(company, companyId), eq(id, message.id), eq(status, 'queued'), eq(attempts, message.attempts)))
      .for('update')
    return row && toMessage(row)
  }
}

/** What is due of all companies, the longest first. */
export function dueMessages(orm: Transaction['orm'], status: 'queued' | 'sending', at: Date, limit: number) {
  return orm
    .select()
    .from(messages)
    .where(and(eq(messages.status, status), lte(messages.dueAt, at)))
    .orderBy(asc(messages.dueAt))
    .limit(limit)
}

async function save(tx: Transaction, companyId: CompanyId, message: Message): Promise<void> {
  await createMailbox(tx, companyId).save({ messages: [message] })
}

/** The conversation with the party's number, which somebody may have begun since it was looked for. */
async function openFor(tx: Transaction, companyId: CompanyId, { phoneNumberId, party }: Addressee, newId: () => string, at: Date) {
  const identities = identitiesOf(phoneNumberId, party)
  const page = await createMailbox(tx, companyId).open({ identities })
  const [found] = page.conversations
  if (found) return { conversation: found, newIdentities: [] }
  const conversation = openConversation(newId(), phoneNumberId, party, at)
  return { conversation, newIdentities: identities.map((identity) => ({ identity, conversationId: conversation.id })) }
}
