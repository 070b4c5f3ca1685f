import { type CompanyId, deriveEventId, newId } from '@frontdesk/contracts'
import { withTransaction } from '@frontdesk/database'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { confirmationKey } from '../app/idempotency.ts'
import { type Message, queueOutbound } from '../domain/message.ts'
import { createConversationReader } from './conversation-reader.ts'
import { createMailbox } from './mailbox.ts'
import { createMessageReader } from './message-reader.ts'
import { createSendQueue } from './send-queue.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
let companyId: CompanyId
let told: string[]
let now: Date
beforeAll(async () => {
  context = await openMigratedDatabase()
})
afterAll(() => context[Symbol.asyncDispose]())
beforeEach(async () => {
  // Each test has the queue to itself.
  await drain()
  companyId = context.aCompany()
  told = []
  now = new Date('2026-05-01T10:00:00Z')
})

const replica = () =>
  createSendQueue(context.database, {
    now: () => now,
    random: () => 0,
    newConversationId: () => newId('conv'),
    leaseMs: 30_000,
    unconfirmedAfterMs: 600_000,
    onTaken: async (_tx, _company, { id }) => void told.push(id),
  })
const later = (ms: number) => new Date(now.getTime() + ms)
const read = (id: string) => createMessageReader(context.database, companyId).get(id)

async function drain(): Promise<void> {
  now = new Date('2031-01-01T00:00:00Z')
  const queue = replica()
  for (let leased = await queue.lease(200); leased.length > 0; leased = await queue.lease(200)) {
    await Promise.all(leased.map((one) => queue.putBack(one, { kind: 'refused', reason: 'drained' })))
  }
  await queue.unconfirm()
}

async function confirmations(count: number, at = now): Promise<Message[]> {
  const messages = Array.from({ length: count }, () =>
    queueOutbound(
      {
        id: newId('msg'),
        conversationId: undefined,
        content: { kind: 'text', text: '' },
        purpose: 'appointment_confirmation',
        appointmentId: newId('apt'),
        correlationId: 'c',
        causationId: undefined,
      },
      at,
    ),
  )
  await withTransaction(context.database, (tx) =>
    createMailbox(tx, companyId).save({
      conversations: [],
      absorbed: [],
      newIdentities: [],
      messages: [],
      keyed: messages.map((message) => ({ key: confirmationKey(companyId, message.appointmentId ?? ''), message })),
    }),
  )
  return messages
}

const addressee = { phoneNumberId: '1', party: { phoneNumber: '+4930123456', userId: '', name: 'Ada' }, conversationId: undefined }
const content = { kind: 'text', text: 'Hello' } as const

test('what one replica leases another is not given, until the lease ends', async () => {
  const messages = await confirmations(60)
  const leases = await Promise.all(Array.from({ length: 6 }, () => replica().lease(10)))
  // A replica may find the rows locked by the others and get fewer.
  const ids = [...leases, await replica().lease(60)].flat().map(({ message }) => message.id)
  expect(ids.toSorted()).toEqual(messages.map(({ id }) => id).toSorted())
  expect(await replica().lease(10)).toEqual([])
  now = later(30_000)
  expect(await replica().lease(100)).toHaveLength(60)
})

test('of two replicas that hold the same message one begins it, and only one conversation is opened', async () => {
  await confirmations(20)
  const leased = await replica().lease(20)
  const begun = await Promise.all(
    leased.flatMap((one) =>
      [replica(), replica()].map(async (queue) => {
        try {
          return await queue.begin(one, addressee, content)
        } catch {
          // Both opened the customer's conversation: the later one tries again when its lease ends.
          return undefined
        }
      }),
    ),
  )
  const ids = begun.flatMap((message) => message?.id ?? [])
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBeGreaterThan(0)
  expect((await createConversationReader(context.database, companyId).list({ limit: 10, pageToken: '' })).items).toHaveLength(1)
})

test('once begun it is never due again: not after its lease, not after a restart, not when its outcome stays out', async () => {
  await confirmations(1)
  const [leased] = await replica().lease(1)
  if (!leased) throw new Error('nothing was leased')
  await replica().begin(leased, addressee, content)
  expect(await replica().begin(leased, addressee, content)).toBeUndefined()
  await replica().putBack(leased, { kind: 'later', reason: 'x', retryAfterMs: 0 })
  await replica().settle(companyId, leased.message.id, { kind: 'unknown', reason: 'x' })
  expect(await read(leased.message.id)).toMatchObject({ status: 'sending', attempts: 1 })
  now = later(599_999)
  expect(await replica().unconfirm()).toEqual([])
  now = later(1)
  expect(await replica().unconfirm()).toEqual([{ companyId, messageId: leased.message.id }])
  now = later(86_400_000)
  expect(await replica().lease(10)).toEqual([])
  expect(await read(leased.message.id)).toMatchObject({ status: 'unconfirmed', dueAt: undefined })
})

test('that the provider took it is told in the commit of the outcome, once', async () => {
  await confirmations(1)
  const [leased] = await replica().lease(1)
  if (!leased) throw new Error('nothing was leased')
  await replica().begin(leased, addressee, content)
  const outcome = { kind: 'taken', providerMessageId: 'wamid.1' } as const
  await Promise.all([replica(), replica(), replica()].map((queue) => queue.settle(companyId, leased.message.id, outcome)))
  expect(told).toEqual([leased.message.id])
  expect(await replica().settle(companyId, newId('msg'), outcome)).toBeUndefined()
})

test('the same appointment is queued once, and the same key of two companies twice', async () => {
  const [message] = await confirmations(1)
  if (!message) throw new Error('nothing was queued')
  const again = async (of: CompanyId) =>
    withTransaction(context.database, (tx) =>
      createMailbox(tx, of).save({
        conversations: [],
        absorbed: [],
        newIdentities: [],
        messages: [],
        keyed: [{ key: deriveEventId(['k']), message: { ...message, id: newId('msg') } }],
      }),
    )
  await again(companyId)
  await again(companyId)
  await again(context.aCompany())
  const listed = await createMessageReader(context.database, companyId).list({ limit: 10, pageToken: '' })
  expect(listed.items).toHaveLength(2)
})
