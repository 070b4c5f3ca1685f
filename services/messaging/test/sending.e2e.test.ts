import { afterAll, beforeAll, expect, test } from 'vitest'
import { received, statusChanged } from './events.ts'
import { aPhoneNumber, aSenderNumber, newCompany } from './harness.ts'
import { key, type ScriptedHarness, startScriptedHarness } from './scripted-harness.ts'
import { metaError } from './scripted-provider.ts'

let harness: ScriptedHarness
beforeAll(async () => {
  harness = await startScriptedHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('a text within 24 hours goes out once, its statuses never go back, and it is told once', async () => {
  const { companyId, phoneNumberId, conversationId } = await harness.aConversation()
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
  expect(harness.provider.callsOf(messageId)).toMatchObject([
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
  expect(await harness.outbox(companyId)).toMatchObject([
    {
      type: 'frontdesk.message.sent.v1',
      body: { messageId, conversationId, providerMessageId: sent.providerMessageId, kind: 'text', purpose: 'reply' },
    },
  ])
})

test('the longest text goes out whole, whatever its characters are', async () => {
  const { companyId, conversationId } = await harness.aConversation()
  const request = { companyId, conversationId, text: '🙂'.repeat(4_096), idempotencyKey: key() }
  const { message } = await harness.messaging.sendMessage(request)
  const messageId = message?.messageId ?? ''
  expect((await harness.messaging.sendMessage(request)).message?.messageId).toBe(messageId)
  await harness.messageOf(companyId, { messageId }, 'SENT')
  expect(harness.provider.callsOf(messageId)).toMatchObject([{ body: { text: { body: request.text } } }])
})

test('a customer without a number is answered by the provider’s id of him', async () => {
  const { companyId, conversationId } = await harness.aConversation({ sender: { providerUserId: 'US.1349' } })
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
  await harness.messageOf(companyId, { messageId: message?.messageId ?? '' }, 'SENT')
  const [call] = harness.provider.callsOf(message?.messageId ?? '')
  expect(call?.body).toMatchObject({ recipient: 'US.1349' })
  expect(call?.body).not.toHaveProperty('to')
})

test('outside of 24 hours a text is refused with the way out, and a template goes', async () => {
  const { companyId, conversationId } = await harness.aConversation({ sentAt: new Date(Date.now() - 86_500_000) })
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
  expect(harness.provider.callsOf(message?.messageId ?? '')[0]?.body['template']).toEqual({
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
  const { companyId, conversationId } = await harness.aConversation()
  const idempotencyKey = key()
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => harness.messaging.sendMessage({ companyId, conversationId, text: 'Once', idempotencyKey })),
  )
  expect(new Set(answers.map(({ message }) => message?.messageId)).size).toBe(1)
})

test('concurrent calls with one key to a number that nobody wrote to are answered with one message', async () => {
  const companyId = newCompany()
  await harness.putSender(companyId, aSenderNumber())
  const recipient = { to: { $case: 'phoneNumber' as const, value: aPhoneNumber() } }
  const request = { companyId, recipient, template: { name: 'hello', language: 'en' }, idempotencyKey: key() }
  const answers = await Promise.all(Array.from({ length: 10 }, () => harness.messaging.sendTemplate(request)))
  expect(new Set(answers.map(({ message }) => message?.messageId)).size).toBe(1)
  expect((await harness.messaging.listConversations({ companyId })).conversations).toHaveLength(1)
})

test('what passes is tried again, and what does not is told', async () => {
  const { companyId, conversationId } = await harness.aConversation()
  const send = async () => {
    const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
    return message?.messageId ?? ''
  }
  harness.provider.script(metaError(429, 130429, 'throughput'))
  const passing = await send()
  await harness.messageOf(companyId, { messageId: passing }, 'SENT')
  expect(harness.provider.callsOf(passing)).toHaveLength(2)

  for (const code of [131026, 131047, 132001]) {
    harness.provider.script(metaError(400, code, 'no'))
    const messageId = await send()
    const { failureReason } = await harness.messageOf(companyId, { messageId }, 'FAILED')
    expect(failureReason).toBe(`WhatsApp ${code}: no in detail`)
    expect(harness.provider.callsOf(messageId)).toHaveLength(1)
  }
})

// The last of all: it moves the clock.
test('what waited beyond the customer’s 24 hours is not sent', async () => {
  const { companyId, conversationId } = await harness.aConversation()
  harness.others.away.add('billing')
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
  const messageId = message?.messageId ?? ''
  harness.advance(86_000_000)
  harness.others.away.clear()
  harness.advance(600_000)
  const { failureReason } = await harness.messageOf(companyId, { messageId }, 'FAILED')
  expect(failureReason).toBe('The customer has not written within 24 hours.')
  expect(harness.provider.callsOf(messageId)).toEqual([])
})
