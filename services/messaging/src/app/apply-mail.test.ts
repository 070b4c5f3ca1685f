import { deriveEventId, type EventId } from '@frontdesk/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Conversation, Identity, Party } from '../domain/conversation.ts'
import { type Message, queueOutbound } from '../domain/message.ts'
import { applyMail, type Mail } from './apply-mail.ts'
import type { Mailbox } from './ports.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute))
const keyOf = ({ phoneNumberId, kind, value }: Identity) => `${phoneNumberId} ${kind} ${value}`

/** A mailbox in memory. */
function memoryMailbox(...given: Message[]) {
  const conversations = new Map<string, Conversation>()
  const identities = new Map<string, { identity: Identity; conversationId: string }>()
  const messages = new Map(given.map((message) => [message.id, message]))
  const keys = new Map<EventId, string>()
  const mailbox: Mailbox = {
    open: async (names) => {
      const { identities: named = [], messageIds = [], providerMessageIds = [], keys: askedFor = [] } = names
      const keyed = askedFor.flatMap((key) => (keys.has(key) ? [{ key, messageId: keys.get(key) ?? '' }] : []))
      const found = named.flatMap((identity) => identities.get(keyOf(identity)) ?? [])
      return {
        identities: found,
        conversations: [...new Set(found.map(({ conversationId }) => conversationId))].flatMap((id) => conversations.get(id) ?? []),
        messages: [...messages.values()].filter(
          ({ id, providerMessageId }) =>
            messageIds.includes(id) ||
            keyed.some(({ messageId }) => messageId === id) ||
            providerMessageIds.includes(providerMessageId ?? ''),
        ),
        keyed,
        answered: [],
      }
    },
    save: async (changes) => {
      for (const conversation of changes.conversations ?? []) conversations.set(conversation.id, conversation)
      for (const message of changes.messages ?? []) messages.set(message.id, message)
      for (const { conversationId, into } of changes.absorbed ?? []) {
        for (const entry of identities.values()) if (entry.conversationId === conversationId) entry.conversationId = into
        for (const message of messages.values()) {
          if (message.conversationId === conversationId) messages.set(message.id, { ...message, conversationId: into })
        }
        conversations.delete(conversationId)
      }
      for (const entry of changes.newIdentities ?? []) identities.set(keyOf(entry.identity), { ...entry })
      for (const { key, message } of changes.keyed ?? []) {
        if (keys.has(key)) continue
        messages.set(message.id, message)
        keys.set(key, message.id)
      }
    },
  }
  let made = 0
  return { apply: applyMail({ mailbox, newConversationId: () => `conv_${(made += 1)}` }), conversations, messages }
}

const outbound = (id: string) =>
  queueOutbound(
    {
      id,
      conversationId: 'conv_0',
      content: { kind: 'text', text: 'Hi' },
      purpose: 'reply',
      appointmentId: undefined,
      correlationId: 'c',
      causationId: undefined,
    },
    at(0),
  )

function inbound(wamid: string, minute: number, party: Partial<Party>): Mail {
  const message: Message = {
    ...outbound(`msg_${wamid}`),
    conversationId: undefined,
    direction: 'inbound',
    status: 'received',
    purpose: undefined,
    providerMessageId: wamid,
    createdAt: at(minute),
  }
  return { kind: 'inbound', phoneNumberId: '1', sender: { phoneNumber: '', userId: '', name: '', ...party }, message }
}

const status = (told: 'sent' | 'delivered' | 'read' | 'failed', overrides: object = {}): Mail => ({
  kind: 'status',
  reference: 'msg_1',
  isRecent: true,
  report: { status: told, at: at(9), providerMessageId: 'wamid.1', reason: '' },
  ...overrides,
})

test('every order, split and repetition of a life ends in one conversation with each message once, told once', async () => {
  const life = [
    inbound('a', 1, { phoneNumber: '+491', name: 'A' }),
    inbound('b', 2, { userId: 'DE.1' }),
    inbound('c', 3, { phoneNumber: '+491', userId: 'DE.1', name: 'Ada' }),
    status('sent'),
    status('delivered'),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...life.keys(), ...life.keys()], { minLength: 2 * life.length }),
      fc.integer({ min: 1, max: 10 }),
      async (arrival, batchSize) => {
        const { apply, conversations, messages } = memoryMailbox({ ...outbound('msg_1'), status: 'sending' })
        let told = 0
        for (let from = 0; from < arrival.length; from += batchSize) {
          const outcomes = await apply(arrival.slice(from, from + batchSize).map((index) => life[index] as Mail))
          told += outcomes.filter(({ taken }) => taken).length
        }
        const [conversation] = conversations.values()
        expect(conversations.size).toBe(1)
        expect(conversation).toMatchObject({ customer: { phoneNumber: '+491', userId: 'DE.1', name: 'Ada' }, lastInboundAt: at(3) })
        const heard = [...messages.values()].filter(({ direction }) => direction === 'inbound')
        expect(heard.map(({ conversationId }) => conversationId)).toEqual(Array.from({ length: 3 }, () => conversation?.id))
        expect(messages.get('msg_1')).toMatchObject({ status: 'delivered', providerMessageId: 'wamid.1' })
        expect(told).toBe(1)
      },
    ),
  )
})

test('a report by a reference alone, and by the provider’s id alone, find the same message', async () => {
  const { apply, messages } = memoryMailbox({ ...outbound('msg_1'), status: 'sending' })
  await apply([status('sent')])
  await apply([status('read', { reference: '' })])
  expect(messages.get('msg_1')?.status).toBe('read')
})

test('a report on nothing of ours is passed over, but a recent one without a reference comes again', async () => {
  const { apply } = memoryMailbox()
  expect(await apply([status('sent'), status('sent', { reference: '', isRecent: false })])).toEqual([
    { unmatched: true },
    { unmatched: true },
  ])
  await expect(apply([status('sent', { reference: '' })])).rejects.toMatchObject({ code: 'unavailable', retryable: true })
})

test('what claims to be a customer’s message under the id of one of ours changes nothing', async () => {
  const ours: Message = { ...outbound('msg_1'), status: 'sent', providerMessageId: 'wamid.1' }
  const { apply, messages, conversations } = memoryMailbox(ours)
  expect(await apply([inbound('wamid.1', 5, { phoneNumber: '+491' })])).toEqual([{}])
  expect([...messages.values()]).toEqual([ours])
  expect(conversations.size).toBe(0)
})

test('the same confirmation twice in a batch is one', async () => {
  const { apply, messages } = memoryMailbox()
  const key = deriveEventId(['k'])
  const confirmation = (id: string): Mail => ({ kind: 'confirmation', key, message: outbound(id) })
  await apply([confirmation('msg_1'), confirmation('msg_2')])
  await apply([confirmation('msg_3')])
  expect([...messages.keys()]).toEqual(['msg_1'])
})

test.each([
  ['failed', 0, 'queued'],
  ['failed', 1, 'failed'],
  ['unconfirmed', 1, 'unconfirmed'],
  ['delivered', 1, 'delivered'],
] as const)('an appointment confirmed again finds its confirmation %s after %i attempts, and it is %s', async (before, attempts, after) => {
  const { apply, messages } = memoryMailbox()
  const confirmation = (id: string): Mail => ({ kind: 'confirmation', key: deriveEventId(['k']), message: outbound(id) })
  await apply([confirmation('msg_1')])
  messages.set('msg_1', { ...outbound('msg_1'), status: before, attempts, dueAt: undefined })
  await apply([confirmation('msg_2')])
  expect([...messages.values()].map(({ id, status }) => [id, status])).toEqual([['msg_1', after]])
})
