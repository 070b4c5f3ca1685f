import { deriveEventId, newId, vouchForCompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { analyze, explain } from '@frontdesk/database/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { conversationsOf } from './conversation-reader.ts'
import { messagesOf } from './message-reader.ts'
import { conversations } from './schema/conversations.ts'
import { messages } from './schema/messages.ts'
import { dueMessages } from './send-queue.ts'

const rowCount = 4_000
const now = new Date('2026-11-22T12:00:00Z')
const companies = Array.from({ length: 20 }, () => vouchForCompanyId(newId('cmp')))
const company = companies[3] ?? vouchForCompanyId('')
const ofCompany = Array.from({ length: rowCount }, (_, index) => ({
  companyId: companies[index % companies.length] ?? company,
  conversationId: newId('conv'),
  messageId: newId('msg'),
  at: new Date(now.getTime() - index * 1_000),
}))
const mine = ofCompany.filter(({ companyId }) => companyId === company)
const opened = new AsyncDisposableStack()
let database: Database

/** So many rows that a plan without an index would be the dearer one. */
beforeAll(async () => {
  ;({ database } = opened.use(await openMigratedDatabase()))
  await database.orm.insert(conversations).values(
    ofCompany.map(({ companyId, conversationId, at }) => ({
      companyId,
      conversationId,
      phoneNumberId: '1',
      customerPhone: '',
      customerUserId: '',
      customerName: '',
      lastMessageAt: at,
      createdAt: at,
    })),
  )
  // Ten messages to a conversation; a seventh waits to be sent.
  const rows = ofCompany.map(({ companyId, messageId, at }, index) => {
    const ofThese = ofCompany[index % (companies.length * 10)]
    const waits = index % 7 === 3
    return {
      companyId,
      messageId,
      conversationId: ofThese?.conversationId ?? '',
      direction: 'outbound' as const,
      kind: 'text',
      text: 'Hi',
      status: waits ? ('queued' as const) : ('read' as const),
      statusAt: at,
      providerMessageId: `wamid.${messageId}`,
      purpose: 'appointment_confirmation' as const,
      appointmentId: `apt_${messageId.slice(4)}`,
      idempotencyKey: deriveEventId([messageId]),
      failureReason: '',
      attempts: 0,
      queuedAt: at,
      dueAt: waits ? at : null,
      correlationId: 'c',
      createdAt: at,
    }
  })
  await Promise.all([0, 1_000, 2_000, 3_000].map((from) => database.orm.insert(messages).values(rows.slice(from, from + 1_000))))
  await analyze(database, 'conversations', 'messages')
})
afterAll(() => opened.disposeAsync())

type Query = { toSQL(): { sql: string; params: unknown[] } }
const page = { limit: 50, pageToken: '' }
const behind = () => ({ limit: 50, pageToken: `${mine[60]?.at.getTime()}.${mine[60]?.conversationId}` })

test.each<[string, (orm: Database['orm']) => Query, string]>([
  ['the first page of ListConversations', (orm) => conversationsOf(orm, company, page), 'conversations_by_time'],
  ['a page of ListConversations', (orm) => conversationsOf(orm, company, behind()), 'conversations_by_time'],
  ['the first page of ListMessages', (orm) => messagesOf(orm, company, page), 'messages_by_time'],
  ['a page of ListMessages', (orm) => messagesOf(orm, company, behind()), 'messages_by_time'],
  [
    'a page of a conversation',
    (orm) => messagesOf(orm, company, { ...behind(), conversationId: mine[0]?.conversationId }),
    'messages_by_conversation',
  ],
  ['ListMessages by status', (orm) => messagesOf(orm, company, { ...page, status: 'queued' }), 'messages_by_status'],
  ['ListMessages by appointment', (orm) => messagesOf(orm, company, { ...page, appointmentId: newId('apt') }), 'messages_by_appointment'],
  [
    'ListMessages by the provider’s id',
    (orm) => messagesOf(orm, company, { ...page, providerMessageId: `wamid.${mine[0]?.messageId}` }),
    'messages_by_provider_id',
  ],
  ['the sender’s look for what is due', (orm) => dueMessages(orm, 'queued', now, 16), 'messages_due'],
])('%s reads by its index and sorts nothing', async (_, query, key) => {
  const plans = await explain(database, query(database.orm))
  expect(plans.map((plan) => plan.key)).toEqual([key])
  expect(plans.map(({ type }) => type)).not.toContain('ALL')
  for (const { Extra } of plans) expect(Extra ?? '').not.toMatch(/filesort|temporary/)
})
