import { newId } from '@frontdesk/contracts'
import { createTokenIssuer, type TokenSource } from '@frontdesk/rpc'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appointmentConfirmed, received, statusChanged } from './events.ts'
import { aPhoneNumber, aSenderNumber, type Harness, newCompany, startHarness } from './harness.ts'
import { metaError, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'

let provider: ScriptedProvider
let harness: Harness
beforeAll(async () => {
  provider = await startScriptedProvider()
  harness = await startHarness(provider.url)
})
afterAll(async () => {
  await harness[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

async function outbox(companyId: string): Promise<{ type: string; body: Record<string, unknown> }[]> {
  const connection = await createConnection(harness.mysqlUrl)
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT event_type AS type, body FROM outbox WHERE company_id = ? ORDER BY id', [
      companyId,
    ])
    return rows.map(({ type, body }) => ({ type: String(type), body: JSON.parse(String(body)) as Record<string, unknown> }))
  } finally {
    await connection.end()
  }
}

/** A company with a number and a customer who has just written to it. */
async function aConversation(overrides: object = {}) {
  const companyId = newCompany()
  const phoneNumberId = aSenderNumber()
  await harness.putSender(companyId, phoneNumberId)
  await harness.publish(received(companyId, `wamid.${newId('in')}`, { phoneNumberId, ...overrides }))
  const { conversations } = await harness.messaging.listConversations({ companyId })
  return { companyId, phoneNumberId, conversationId: conversations[0]?.conversationId ?? '' }
}

const key = () => newId('key')

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

test('a text within 24 hours goes out once, its statuses never go back, and it is told once', async () => {
  const { companyId, phoneNumberId, conversationId } = await aConversation()
  const idempotencyKey = key()
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'We are.', idempotencyKey })
  expect(message).toMatchObject({ status: 'MESSAGE_STATUS_QUEUED', purpose: 'reply', kind: 'text', text: 'We are.' })
  const messageId = message?.messageId ?? ''
  const sent = await harness.messageOf(companyId, { messageId }, 'SENT')
  const again = await harness.messaging.sendMessage({ companyId, conversationId, text: 'We are.', idempotencyKey })
  expect(again.message?.messageId).toBe(messageId)

  await harness.publish(statusChanged(companyId, sent.providerMessageId, 'READ', { reference: messageId }))
  await harness.publish(
    ...(['DELIVERED', 'SENT', 'FAILED'] as const).map((status) => statusChanged(companyId, sent.providerMessageId, status)),
  )
  expect((await harness.messaging.getMessage({ companyId, messageId })).message?.status).toBe('MESSAGE_STATUS_READ')
  expect(provider.callsOf(messageId)).toMatchObject([
    {
      path: `/v26.0/${phoneNumberId}/messages`,
      authorization: 'Bearer token-of-the-platform',
      body: {
        messaging_product: 'whatsapp',
        to: '16505551234',
        type: 'text',
        text: { body: 'We are.' },
        biz_opaque_callback_data: messageId,
      },
    },
  ])
  expect(await outbox(companyId)).toMatchObject([
    {
      type: 'frontdesk.message.sent.v1',
      body: { messageId, conversationId, providerMessageId: sent.providerMessageId, kind: 'text', purpose: 'reply' },
    },
  ])
})

test('a customer without a number is answered by the provider’s id of him', async () => {
  const { companyId, conversationId } = await aConversation({ sender: { providerUserId: 'US.1349' } })
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
  await harness.messageOf(companyId, { messageId: message?.messageId ?? '' }, 'SENT')
  const [call] = provider.callsOf(message?.messageId ?? '')
  expect(call?.body).toMatchObject({ recipient: 'US.1349' })
  expect(call?.body).not.toHaveProperty('to')
})

test('outside of 24 hours a text is refused with the way out, and a template goes', async () => {
  const { companyId, conversationId } = await aConversation({ sentAt: new Date(Date.now() - 86_500_000) })
  await expect(harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })).rejects.toMatchObject({
    code: 'failed_precondition',
    publicMessage: expect.stringContaining('only a template'),
  })
  const template = { name: 'reminder', language: 'en_US' }
  const { message } = await harness.messaging.sendTemplate({
    companyId,
    recipient: { to: { $case: 'conversationId', value: conversationId } },
    template,
    parameters: ['10:00'],
    idempotencyKey: key(),
  })
  await harness.messageOf(companyId, { messageId: message?.messageId ?? '' }, 'SENT')
  expect(provider.callsOf(message?.messageId ?? '')[0]?.body['template']).toEqual({
    name: 'reminder',
    language: { code: 'en_US' },
    components: [{ type: 'body', parameters: [{ type: 'text', text: '10:00' }] }],
  })
})

test('a template may begin a conversation, which the customer’s answer joins', async () => {
  const companyId = newCompany()
  const phoneNumberId = aSenderNumber()
  const phoneNumber = aPhoneNumber()
  const request = {
    companyId,
    recipient: { to: { $case: 'phoneNumber' as const, value: phoneNumber } },
    template: { name: 'hello', language: 'en' },
    idempotencyKey: key(),
  }
  await expect(harness.messaging.sendTemplate(request)).rejects.toMatchObject({ code: 'failed_precondition' })
  await harness.putSender(companyId, phoneNumberId)
  const { message } = await harness.messaging.sendTemplate(request)
  expect((await harness.messaging.sendTemplate(request)).message?.messageId).toBe(message?.messageId)
  for (const changed of [
    { ...request, parameters: ['x'] },
    { ...request, recipient: { to: { $case: 'phoneNumber' as const, value: aPhoneNumber() } } },
  ]) {
    await expect(harness.messaging.sendTemplate(changed)).rejects.toMatchObject({ code: 'already_exists' })
  }
  await harness.messageOf(companyId, { messageId: message?.messageId ?? '' }, 'SENT')
  await harness.publish(received(companyId, 'wamid.answer', { phoneNumberId, sender: { phoneNumber } }))
  const { conversations } = await harness.messaging.listConversations({ companyId })
  expect(conversations).toMatchObject([{ conversationId: message?.conversationId }])
})

test('concurrent calls with one key queue one message', async () => {
  const { companyId, conversationId } = await aConversation()
  const idempotencyKey = key()
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => harness.messaging.sendMessage({ companyId, conversationId, text: 'Once', idempotencyKey })),
  )
  expect(new Set(answers.map(({ message }) => message?.messageId)).size).toBe(1)
})

test('a confirmed appointment leads to one confirmation, whatever is told of it again', async () => {
  const companyId = newCompany()
  const phoneNumberId = aSenderNumber()
  await harness.putSender(companyId, phoneNumberId)
  const phoneNumber = aPhoneNumber()
  const appointmentId = harness.anAppointment(companyId, phoneNumber, { startsAt: new Date('2030-05-01T09:00:00Z') })
  await harness.publish(appointmentConfirmed(companyId, appointmentId))
  await harness.publish(appointmentConfirmed(companyId, appointmentId, 2))
  const confirmation = await harness.messageOf(companyId, { appointmentId }, 'SENT')
  expect(confirmation).toMatchObject({
    purpose: 'appointment_confirmation',
    kind: 'template',
    template: { name: 'confirmation', language: 'en_US' },
    templateParameters: ['Ada', 'Cut', 'Wednesday, 1 May 2030 at 11:00', 'Salon Nord'],
  })
  expect(provider.callsOf(confirmation.messageId)).toMatchObject([{ body: { to: phoneNumber.slice(1), type: 'template' } }])
  expect(await outbox(companyId)).toMatchObject([{ body: { purpose: 'appointment_confirmation', appointmentId, kind: 'template' } }])
})

test('within 24 hours a confirmation is a text; where the provider says otherwise, its template follows', async () => {
  const phoneNumber = aPhoneNumber()
  const { companyId, conversationId } = await aConversation({ sender: { phoneNumber } })
  const asText = harness.anAppointment(companyId, phoneNumber)
  await harness.publish(appointmentConfirmed(companyId, asText))
  const text = await harness.messageOf(companyId, { appointmentId: asText }, 'SENT')
  expect(text).toMatchObject({
    kind: 'text',
    conversationId,
    text: expect.stringMatching(/^Hello Ada, your appointment “Cut” with Salon Nord/),
  })

  provider.script(metaError(400, 131047))
  const asTemplate = harness.anAppointment(companyId, phoneNumber)
  await harness.publish(appointmentConfirmed(companyId, asTemplate))
  const template = await harness.messageOf(companyId, { appointmentId: asTemplate }, 'SENT')
  expect(template.kind).toBe('template')
  expect(provider.callsOf(template.messageId).map(({ body }) => body['type'])).toEqual(['text', 'template'])
})

test('nothing is sent to nobody, for nothing, or by a company that may not, and each says why', async () => {
  const companyId = newCompany()
  await harness.putSender(companyId, aSenderNumber(), false)
  const confirm = async (appointmentId: string, of = companyId) => {
    await harness.publish(appointmentConfirmed(of, appointmentId))
    return (await harness.messageOf(of, { appointmentId }, 'FAILED')).failureReason
  }
  expect(await confirm(newId('apt'))).toBe('The appointment is no longer there.')
  expect(await confirm(harness.anAppointment(companyId, ''))).toBe('The customer has no phone number.')
  expect(await confirm(harness.anAppointment(companyId, aPhoneNumber(), { status: 'APPOINTMENT_STATUS_CANCELLED' }))).toBe(
    'The appointment is cancelled.',
  )
  expect(await confirm(harness.anAppointment(companyId))).toContain('no confirmation template')
  const withoutSender = newCompany()
  expect(await confirm(harness.anAppointment(withoutSender), withoutSender)).toBe('The company has no number to write from.')
  harness.others.refused.add(companyId)
  expect(await confirm(harness.anAppointment(companyId))).toBe('The company’s subscription is not active.')
})

test('while booking, billing or the directory are away a confirmation waits, and then goes once', async () => {
  const companyId = newCompany()
  await harness.putSender(companyId, aSenderNumber())
  const appointmentId = harness.anAppointment(companyId)
  for (const name of ['booking', 'billing', 'company-resolver'] as const) harness.others.away.add(name)
  await harness.publish(appointmentConfirmed(companyId, appointmentId))
  await eventually(async () => {
    const { messages } = await harness.messaging.listMessages({ companyId, appointmentId })
    expect(messages).toMatchObject([{ status: 'MESSAGE_STATUS_QUEUED', failureReason: expect.stringContaining('away') }])
  })
  harness.others.away.clear()
  const { messageId } = await harness.messageOf(companyId, { appointmentId }, 'SENT')
  expect(provider.callsOf(messageId)).toHaveLength(1)
})

test('what passes is tried again, and what does not is told', async () => {
  const { companyId, conversationId } = await aConversation()
  const send = async () => {
    const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
    return message?.messageId ?? ''
  }
  provider.script(metaError(429, 130429, 'throughput'))
  const passing = await send()
  await harness.messageOf(companyId, { messageId: passing }, 'SENT')
  expect(provider.callsOf(passing)).toHaveLength(2)

  for (const code of [131026, 131047, 190]) {
    provider.script(metaError(400, code, 'no'))
    const messageId = await send()
    const { failureReason } = await harness.messageOf(companyId, { messageId }, 'FAILED')
    expect(failureReason).toBe(`WhatsApp ${code}: no in detail`)
    expect(provider.callsOf(messageId)).toHaveLength(1)
  }
})

test('a lost answer is never a second message: a status with our reference resolves it, and tells it once', async () => {
  const { companyId, conversationId } = await aConversation()
  for (const script of [{ kind: 'hang' }, { kind: 'reset' }, metaError(500, 131000)] as const) {
    provider.script(script)
    const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
    const messageId = message?.messageId ?? ''
    await eventually(() => expect(provider.callsOf(messageId)).toHaveLength(1))
    await harness.messageOf(companyId, { messageId }, 'SENDING')
    const wamid = `wamid.lost.${messageId}`
    await harness.publish(statusChanged(companyId, wamid, 'DELIVERED', { reference: messageId }))
    await harness.publish(statusChanged(companyId, wamid, 'SENT', { reference: messageId }))
    expect(await harness.messageOf(companyId, { messageId }, 'DELIVERED')).toMatchObject({ providerMessageId: wamid })
    expect(provider.callsOf(messageId)).toHaveLength(1)
    const told = (await outbox(companyId)).filter(({ body }) => body['messageId'] === messageId)
    expect(told).toMatchObject([{ body: { providerMessageId: wamid } }])
  }
})

test('a status that belongs to nobody here changes nothing and stops nothing', async () => {
  const { companyId, conversationId } = await aConversation()
  const other = newCompany()
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
  const messageId = message?.messageId ?? ''
  const sent = await harness.messageOf(companyId, { messageId }, 'SENT')
  const long = new Date(Date.now() - 3_600_000)
  await harness.publish(
    statusChanged(other, sent.providerMessageId, 'READ', { reference: messageId }),
    statusChanged(companyId, 'wamid.of-another-program', 'READ', { reference: 'order-1', source: { receivedAt: long } }),
    statusChanged(companyId, 'wamid.of-nobody', 'READ', { reference: newId('msg') }),
  )
  expect((await harness.messaging.getMessage({ companyId, messageId })).message?.status).toBe('MESSAGE_STATUS_SENT')
})

test('a status without a reference that overtakes the provider’s id is tried again until that is known', async () => {
  const { companyId, conversationId } = await aConversation()
  provider.script({ kind: 'hang' })
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
  const messageId = message?.messageId ?? ''
  await harness.messageOf(companyId, { messageId }, 'SENDING')
  const wamid = `wamid.early.${messageId}`
  const early = statusChanged(companyId, wamid, 'READ')
  await Promise.all([harness.publish(early), harness.publish(statusChanged(companyId, wamid, 'SENT', { reference: messageId }))])
  await eventually(
    async () => expect((await harness.messaging.getMessage({ companyId, messageId })).message?.status).toBe('MESSAGE_STATUS_READ'),
    {
      timeoutMs: 10_000,
    },
  )
}, 30_000)

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

test('another company’s id and an unknown one look the same', async () => {
  const { companyId: a, conversationId, phoneNumberId } = await aConversation()
  const b = newCompany()
  await harness.putSender(b, aSenderNumber())
  const { message } = await harness.messaging.sendMessage({ companyId: a, conversationId, text: 'Hi', idempotencyKey: key() })
  const ask = (conversation: string, messageId: string) =>
    Promise.allSettled([
      harness.messaging.getConversation({ companyId: b, conversationId: conversation }),
      harness.messaging.getMessage({ companyId: b, messageId }),
      harness.messaging.resendMessage({ companyId: b, messageId }),
      harness.messaging.sendMessage({ companyId: b, conversationId: conversation, text: 'Hi', idempotencyKey: key() }),
      harness.messaging.sendTemplate({
        companyId: b,
        recipient: { to: { $case: 'conversationId', value: conversation } },
        template: { name: 'hello', language: 'en' },
        idempotencyKey: key(),
      }),
    ])
  const foreign = await ask(conversationId, message?.messageId ?? '')
  const unknown = await ask(newId('conv'), newId('msg'))
  const told = (outcomes: PromiseSettledResult<unknown>[]) => outcomes.map((outcome) => String((outcome as PromiseRejectedResult).reason))
  expect(told(foreign)).toEqual(told(unknown))
  for (const outcome of foreign) expect(outcome).toMatchObject({ reason: { code: 'not_found' } })
  await expect(harness.messaging.getSender({ companyId: newCompany() })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.putSender(b, phoneNumberId)).rejects.toMatchObject({ code: 'already_exists' })
})

test('the same key, number and text at two companies are two messages', async () => {
  const [a, b] = [await aConversation(), await aConversation()]
  const idempotencyKey = key()
  const [ofA, ofB] = await Promise.all(
    [a, b].map(({ companyId, conversationId }) => harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey })),
  )
  expect(ofA?.message?.messageId).not.toBe(ofB?.message?.messageId)
})

test('every method refuses a call without a token, with an expired one, for another audience, or for a company that is not in it', async () => {
  const { authority } = harness
  const operator = authority.issuer('operator')
  const companyId = newCompany()
  const sources: [string, TokenSource][] = [
    ['token_missing', { issue: () => Promise.resolve('') }],
    [
      'token_expired',
      createTokenIssuer({ privateJwk: authority.keyPair.privateJwk, caller: 'x', clock: () => new Date(Date.now() - 3_600_000) }),
    ],
    ['token_invalid', { issue: (request) => operator.issue({ ...request, audience: 'booking' }) }],
    ['permission_denied', { issue: (request) => operator.issue({ ...request, companies: [newCompany()] }) }],
  ]
  for (const [code, source] of sources) {
    const { messaging, operations } = harness.clients(source)
    const refused = await Promise.allSettled([
      messaging.putSender({ companyId }),
      messaging.getSender({ companyId }),
      messaging.sendMessage({ companyId }),
      messaging.sendTemplate({ companyId }),
      messaging.resendMessage({ companyId }),
      messaging.listConversations({ companyId }),
      messaging.getConversation({ companyId }),
      messaging.getMessage({ companyId }),
      messaging.listMessages({ companyId }),
      operations.getConservation({}),
    ])
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
  }
  const ofCompany = harness.clients({ issue: (request) => operator.issue({ ...request, companies: [companyId] }) })
  await expect(ofCompany.messaging.putSender({ companyId })).rejects.toMatchObject({ code: 'permission_denied' })
})

test('hostile arguments are refused by name', async () => {
  const { companyId, conversationId } = await aConversation()
  const { messaging } = harness
  const ids = { companyId, phoneNumberId: '1', businessAccountId: '2' }
  const template = { name: 'hello', language: 'en_US' }
  const to = { to: { $case: 'conversationId' as const, value: conversationId } }
  const begin = { companyId, recipient: to, template, idempotencyKey: key() }
  const refused = await Promise.allSettled([
    messaging.putSender({ ...ids, phoneNumberId: '../me' }),
    messaging.putSender({ ...ids, confirmationTemplate: { name: 'no spaces', language: 'en' } }),
    messaging.sendMessage({ companyId, conversationId, text: ' ', idempotencyKey: key() }),
    messaging.sendMessage({ companyId, conversationId, text: 'x'.repeat(4_097), idempotencyKey: key() }),
    messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: '' }),
    messaging.sendTemplate({ ...begin, recipient: undefined }),
    messaging.sendTemplate({ ...begin, recipient: { to: { $case: 'phoneNumber', value: '030 123' } } }),
    messaging.sendTemplate({ ...begin, template: undefined }),
    messaging.sendTemplate({ ...begin, template: { name: 'hello', language: 'English' } }),
    messaging.sendTemplate({ ...begin, parameters: ['a\nb'] }),
    messaging.sendTemplate({ ...begin, parameters: Array.from({ length: 51 }, () => 'x') }),
    messaging.listMessages({ companyId, pageToken: 'x' }),
    messaging.listConversations({ companyId, pageToken: `999999999999999.${newId('conv')}` }),
    messaging.listConversations({ companyId: 'cmp_x' }),
  ])
  for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'invalid_argument' } })
})

// The last of all: it moves the clock.
test('without a status in time a person has to decide, and the metrics say so; his resend goes once', async () => {
  const { companyId, conversationId } = await aConversation()
  provider.script({ kind: 'reset' })
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
  const messageId = message?.messageId ?? ''
  await harness.messageOf(companyId, { messageId }, 'SENDING')
  await expect(harness.messaging.resendMessage({ companyId, messageId })).rejects.toMatchObject({ code: 'failed_precondition' })
  harness.advance(600_000)
  await harness.messageOf(companyId, { messageId }, 'UNCONFIRMED')
  const metrics = await (await fetch(`${harness.service.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/^frontdesk_messaging_unconfirmed_messages [1-9]/m)
  expect(metrics).toMatch(/^frontdesk_messaging_messages_total\{outcome="unconfirmed"\} [1-9]/m)
  expect(metrics).toMatch(/^frontdesk_messaging_queue_age_seconds \d/m)
  expect(provider.callsOf(messageId)).toHaveLength(1)

  await harness.messaging.resendMessage({ companyId, messageId })
  await harness.messageOf(companyId, { messageId }, 'SENT')
  expect(provider.callsOf(messageId)).toHaveLength(2)
})

test('what waited beyond the customer’s 24 hours is not sent', async () => {
  const { companyId, conversationId } = await aConversation()
  harness.others.away.add('billing')
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
  const messageId = message?.messageId ?? ''
  harness.advance(86_000_000)
  harness.others.away.clear()
  harness.advance(600_000)
  const { failureReason } = await harness.messageOf(companyId, { messageId }, 'FAILED')
  expect(failureReason).toBe('The customer has not written within 24 hours.')
  expect(provider.callsOf(messageId)).toEqual([])
})
