import { newId } from '@frontdesk/contracts'
import { loadConfig } from '@frontdesk/service'
import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { configSchema } from '../src/config.ts'
import { startMessaging } from '../src/service.ts'
import { appointmentConfirmed, received } from './events.ts'
import { aPhoneNumber, aSenderNumber, newCompany, startHarness, startSurroundings } from './harness.ts'
import { startScriptedProvider } from './scripted-provider.ts'

test('two replicas send each of 60 messages once', async () => {
  await using provider = await startScriptedProvider()
  await using harness = await startHarness(provider.url)
  const tokens = harness.authority.issuer('messaging')
  await using _second = await startMessaging(loadConfig(configSchema, harness.env), { tokens, pollMs: 20 })
  const companyId = newCompany()
  const phoneNumberId = aSenderNumber()
  await harness.putSender(companyId, phoneNumberId)
  await harness.publish(...Array.from({ length: 60 }, () => appointmentConfirmed(companyId, harness.anAppointment(companyId))))
  await eventually(
    async () => {
      const { messages } = await harness.messaging.listMessages({ companyId, status: 'MESSAGE_STATUS_SENT', pageSize: 200 })
      expect(messages).toHaveLength(60)
    },
    { timeoutMs: 15_000 },
  )
  const references = provider.calls.map(({ body }) => body.biz_opaque_callback_data)
  expect(references).toHaveLength(60)
  expect(new Set(references).size).toBe(60)
}, 40_000)

test('what is queued to one conversation goes out in its order', async () => {
  await using provider = await startScriptedProvider()
  await using harness = await startHarness(provider.url)
  const companyId = newCompany()
  await harness.publish(received(companyId, 'wamid.1', { sender: { phoneNumber: aPhoneNumber() } }))
  const { conversations } = await harness.messaging.listConversations({ companyId })
  const conversationId = conversations[0]?.conversationId ?? ''
  const texts = Array.from({ length: 8 }, (_, index) => `text ${index}`)
  for (const text of texts) await harness.messaging.sendMessage({ companyId, conversationId, text, idempotencyKey: newId('key') })
  await eventually(() => expect(provider.calls).toHaveLength(texts.length))
  expect(provider.calls.map(({ body }) => (body['text'] as { body: string }).body)).toEqual(texts)
}, 40_000)

test('a stop lets the call under way finish and commits its outcome', async () => {
  await using provider = await startScriptedProvider()
  await using around = await startSurroundings(provider.url)
  const start = () => startMessaging(loadConfig(configSchema, around.env), { tokens: around.authority.issuer('messaging'), pollMs: 20 })
  const companyId = newCompany()
  const first = await start()
  const { messaging } = around.clientsAt(first.rpcPort)
  const confirmationTemplate = { name: 'confirmation', language: 'en_US' }
  await messaging.putSender({ companyId, phoneNumberId: aSenderNumber(), businessAccountId: '1', confirmationTemplate })
  provider.script({ kind: 'slow', afterMs: 300 })
  const appointmentId = around.anAppointment(companyId)
  await around.publish(appointmentConfirmed(companyId, appointmentId))
  await eventually(() => expect(provider.calls).toHaveLength(1))
  await first[Symbol.asyncDispose]()

  await using second = await start()
  const { messages } = await around.clientsAt(second.rpcPort).messaging.listMessages({ companyId, appointmentId })
  expect(messages).toMatchObject([{ status: 'MESSAGE_STATUS_SENT' }])
  expect(provider.calls).toHaveLength(1)
}, 40_000)
