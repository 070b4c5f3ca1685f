import { companyEvent } from '@frontdesk/outbox/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appointmentConfirmed, received, statusChanged } from './events.ts'
import { newCompany } from './harness.ts'
import { type ScriptedHarness, startScriptedHarness } from './scripted-harness.ts'

let harness: ScriptedHarness
beforeAll(async () => {
  harness = await startScriptedHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('what a customer writes is a conversation with his text, whatever is delivered again', async () => {
  const companyId = newCompany()
  const first = received(companyId, 'wamid.1')
  await harness.publish(first, received(companyId, 'wamid.2', { text: 'Are you open?', sentAt: new Date(Date.now() + 1_000) }))
  await harness.publish(received(companyId, 'wamid.1', { text: 'Hi, amended' }, { revision: 2 }))
  const { conversations } = await harness.messaging.listConversations({ companyId })
  expect(conversations).toMatchObject([{ companyId, customer: { phoneNumber: '+16505551234', name: 'Sheena' } }])
  const until = conversations[0]?.textAllowedUntil?.getTime() ?? 0
  expect(until - (conversations[0]?.lastMessageAt?.getTime() ?? 0)).toBe(86_400_000)
  const { messages } = await harness.messaging.getConversation({ companyId, conversationId: conversations[0]?.conversationId ?? '' })
  expect(messages).toMatchObject([
    { text: 'Are you open?', providerMessageId: 'wamid.2', status: 'MESSAGE_STATUS_RECEIVED', direction: 'MESSAGE_DIRECTION_INBOUND' },
    { text: 'Hi, amended', providerMessageId: 'wamid.1' },
  ])
})

test('a message that was written to another company can no longer be read, unless it was written to this one after all', async () => {
  const companyId = newCompany()
  const [foreign, own] = [received(companyId, 'wamid.f', { text: 'a secret' }), received(companyId, 'wamid.o')]
  const withdrawn = (key: string, { envelope: { id: eventId, type: eventType } }: typeof foreign, entityId: string) =>
    companyEvent(companyId, 'frontdesk.event.withdrawn.v1', key, { eventId, beforeRevision: 2, eventType, source: { entityId } })
  await harness.publish(foreign, own)
  const texts = async () => {
    const { messages } = await harness.messaging.listMessages({ companyId })
    return messages.map(({ providerMessageId, kind, text }) => [providerMessageId, kind, text].join(' ')).toSorted()
  }
  await harness.publish(withdrawn('1', foreign, 'wamid.f'), withdrawn('2', foreign, 'wamid.o'))
  expect(await texts()).toEqual(['wamid.f withdrawn ', 'wamid.o text Hi'])
  await harness.publish(received(companyId, 'wamid.f', { text: 'for us' }, { revision: 3 }))
  expect(await texts()).toEqual(['wamid.f text for us', 'wamid.o text Hi'])
})

test('a message that was written to another company and answered by this one waits for a person', async () => {
  const companyId = newCompany()
  const wrote = ['wamid.answered', 'wamid.left'].map((id, n) => ({
    id,
    event: received(companyId, id, { sender: { phoneNumber: `+1650555000${n}` } }),
  }))
  await harness.publish(...wrote.map(({ event }) => event))
  const { messages } = await harness.messaging.listMessages({ companyId, providerMessageId: 'wamid.answered' })
  const conversationId = messages[0]?.conversationId ?? ''
  await harness.messaging.sendMessage({ companyId, conversationId, text: 'At ten?', idempotencyKey: 'answer' })
  await harness.publish(
    ...wrote.map(({ id, event: { envelope } }) => {
      const withdrawn = { eventId: envelope.id, beforeRevision: 2, eventType: envelope.type, source: { entityId: id } }
      return companyEvent(companyId, 'frontdesk.event.withdrawn.v1', id, withdrawn)
    }),
  )
  const flagged = await harness.messaging.listMessages({ companyId, flagged: true })
  expect(flagged.messages).toMatchObject([{ providerMessageId: 'wamid.answered', kind: 'withdrawn', text: '' }])
  expect(flagged.messages[0]?.flaggedAt).toBeInstanceOf(Date)
  await harness.publish(received(companyId, 'wamid.answered', { text: 'for us' }, { revision: 3 }))
  expect((await harness.messaging.listMessages({ companyId, flagged: true })).messages).toEqual([])
})

test('a person known by number or by the provider’s id is one conversation, also when the link comes last', async () => {
  const companyId = newCompany()
  const byNumber = { sender: { phoneNumber: '+16505550001', name: 'Ada' } }
  const byId = { sender: { providerUserId: 'US.1', name: 'Ada' } }
  await harness.publish(received(companyId, 'wamid.n', byNumber), received(companyId, 'wamid.i', byId))
  expect((await harness.messaging.listConversations({ companyId })).conversations).toHaveLength(2)
  await harness.publish(received(companyId, 'wamid.b', { sender: { ...byNumber.sender, ...byId.sender } }))
  await harness.publish(received(companyId, 'wamid.i2', byId))
  const { conversations } = await harness.messaging.listConversations({ companyId })
  expect(conversations).toMatchObject([{ customer: { phoneNumber: '+16505550001', providerUserId: 'US.1' } }])
  const conversationId = conversations[0]?.conversationId ?? ''
  expect((await harness.messaging.getConversation({ companyId, conversationId })).messages).toHaveLength(4)
})

test('a batch of many companies and customers is taken whole, texts longer than their columns included', async () => {
  const companies = Array.from({ length: 8 }, newCompany)
  const long = 'é'.repeat(6_000)
  await harness.publish(
    ...companies.flatMap((companyId) =>
      Array.from({ length: 20 }, (_, index) =>
        received(companyId, `wamid.${index}`, { text: long, sender: { phoneNumber: `+1650555100${index % 4}`, name: long } }),
      ),
    ),
  )
  for (const companyId of companies) {
    expect((await harness.messaging.listConversations({ companyId })).conversations).toHaveLength(4)
    expect((await harness.messaging.listMessages({ companyId })).messages).toHaveLength(20)
  }
})

test('what never can be handled is a dead letter at once', async () => {
  const companyId = newCompany()
  const broken = [
    received(companyId, ''),
    received(companyId, 'wamid.x', { sender: {} }),
    received(companyId, 'wamid.y', { phoneNumberId: '' }),
    received(companyId, 'wamid.z', { source: undefined, sentAt: undefined }),
    statusChanged(companyId, 'wamid.s', 'UNSPECIFIED'),
    statusChanged(companyId, '', 'SENT'),
    appointmentConfirmed(companyId, 'nonsense'),
    { ...received(companyId, 'wamid.json'), body: Buffer.from('{') },
  ]
  await harness.publish(...broken, received(companyId, 'wamid.fine'))
  const { deadLetters } = await harness.operations.listDeadLetters({})
  const dead = new Set(deadLetters.map(({ eventId }) => eventId))
  expect(broken.filter(({ envelope }) => !dead.has(envelope.id))).toEqual([])
  expect((await harness.messaging.listMessages({ companyId })).messages).toMatchObject([{ providerMessageId: 'wamid.fine' }])
})

test('pages go the latest first, and filters hold', async () => {
  const companyId = newCompany()
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
  await harness.publish(
    ...[3, 1, 2, 5, 4].map((minutes) =>
      received(companyId, `wamid.${minutes}`, { sentAt: minutesAgo(minutes), sender: { phoneNumber: `+1650555900${minutes}` } }),
    ),
  )
  const pages = async <Page extends { nextPageToken: string }>(ask: (pageToken: string) => Promise<Page>) => {
    const all: Page[] = []
    for (let token = ''; ; token = all.at(-1)?.nextPageToken ?? '') {
      all.push(await ask(token))
      if (all.at(-1)?.nextPageToken === '') return all
    }
  }
  const listed = await pages((pageToken) => harness.messaging.listMessages({ companyId, pageSize: 2, pageToken }))
  expect(listed.flatMap(({ messages }) => messages.map(({ providerMessageId }) => providerMessageId))).toEqual(
    [1, 2, 3, 4, 5].map((n) => `wamid.${n}`),
  )
  const conversations = await pages((pageToken) => harness.messaging.listConversations({ companyId, pageSize: 2, pageToken }))
  expect(conversations.flatMap((page) => page.conversations.map(({ customer }) => customer?.phoneNumber))).toEqual(
    [1, 2, 3, 4, 5].map((n) => `+1650555900${n}`),
  )
  expect((await harness.messaging.listMessages({ companyId, providerMessageId: 'wamid.3' })).messages).toHaveLength(1)
  expect((await harness.messaging.listMessages({ companyId, status: 'MESSAGE_STATUS_QUEUED' })).messages).toEqual([])
})
