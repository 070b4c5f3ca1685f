import { newId } from '@frontdesk/contracts'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { statusChanged } from './events.ts'
import { newCompany } from './harness.ts'
import { key, type ScriptedHarness, startScriptedHarness } from './scripted-harness.ts'
import { metaError } from './scripted-provider.ts'

let harness: ScriptedHarness
beforeAll(async () => {
  harness = await startScriptedHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('a lost answer is never a second message: a status with our reference resolves it, and tells it once', async () => {
  const { companyId, conversationId } = await harness.aConversation()
  for (const script of [{ kind: 'hang' }, { kind: 'reset' }, metaError(500, 131000)] as const) {
    harness.provider.script(script)
    const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: key() })
    const messageId = message?.messageId ?? ''
    await eventually(() => expect(harness.provider.callsOf(messageId)).toHaveLength(1))
    await harness.messageOf(companyId, { messageId }, 'SENDING')
    const wamid = `wamid.lost.${messageId}`
    await harness.publish(statusChanged(companyId, wamid, 'DELIVERED', { reference: messageId }))
    await harness.publish(statusChanged(companyId, wamid, 'SENT', { reference: messageId }))
    expect(await harness.messageOf(companyId, { messageId }, 'DELIVERED')).toMatchObject({ providerMessageId: wamid })
    expect(harness.provider.callsOf(messageId)).toHaveLength(1)
    const told = (await harness.outbox(companyId)).filter(({ body }) => body['messageId'] === messageId)
    expect(told).toMatchObject([{ body: { providerMessageId: wamid } }])
  }
})

test('a status that belongs to nobody here changes nothing and stops nothing', async () => {
  const { companyId, conversationId } = await harness.aConversation()
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
  const { companyId, conversationId } = await harness.aConversation()
  harness.provider.script({ kind: 'hang' })
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

// The last of all: it moves the clock.
test('without a status in time a person has to decide, and the metrics say so; his resend goes once', async () => {
  const { companyId, conversationId } = await harness.aConversation()
  harness.provider.script({ kind: 'reset' })
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
  expect(harness.provider.callsOf(messageId)).toHaveLength(1)

  await harness.messaging.resendMessage({ companyId, messageId })
  await harness.messageOf(companyId, { messageId }, 'SENT')
  expect(harness.provider.callsOf(messageId)).toHaveLength(2)
})
