import { newId } from '@frontdesk/contracts'
import { eventually, type ProviderSandbox, startProviderSandbox } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appointmentConfirmed, received } from './events.ts'
import { aPhoneNumber, aSenderNumber, type Harness, newCompany, startHarness, startSurroundings } from './harness.ts'
import { startMessagingProcess } from './messaging-process.ts'
import { heldStatuses } from './sandbox-statuses.ts'

const businessAccountId = '102290129340398'
let sandbox: ProviderSandbox
beforeAll(async () => {
  sandbox = await startProviderSandbox()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const messagesOf = async (reference: string) =>
  (await sandbox.control.whatsapp.messages()).filter((message) => message.reference === reference)

async function publishStatuses(harness: Pick<Harness, 'publish'>, companyId: Parameters<typeof heldStatuses>[1], atLeast: number) {
  const events: Awaited<ReturnType<typeof heldStatuses>> = []
  await eventually(async () => {
    events.push(...(await heldStatuses(sandbox, companyId)))
    if (events.length < atLeast) throw new Error(`${events.length} statuses, not ${atLeast}`)
  })
  await harness.publish(...events)
}

test('a customer writes, is answered, and gets a confirmation as a text; another one gets it as a template', async () => {
  await using harness = await startHarness(sandbox.whatsappUrl, sandbox.secrets.whatsappAccessToken)
  await sandbox.control.reset()
  const companyId = newCompany()
  const phoneNumberId = aSenderNumber()
  const phoneNumber = aPhoneNumber()
  await harness.putSender(companyId, phoneNumberId)
  const wamid = await sandbox.control.whatsapp.inbound({
    phoneNumberId,
    businessAccountId,
    from: phoneNumber.slice(1),
    name: 'Ada',
    text: 'Hi',
  })
  await harness.publish(received(companyId, wamid, { phoneNumberId, sender: { phoneNumber, name: 'Ada' } }))
  await sandbox.control.takeHeldWebhooks()
  const { conversations } = await harness.messaging.listConversations({ companyId })
  const conversationId = conversations[0]?.conversationId ?? ''

  const reply = await harness.messaging.sendMessage({ companyId, conversationId, text: 'Hello Ada', idempotencyKey: newId('key') })
  const [asText, asTemplate] = [harness.anAppointment(companyId, phoneNumber), harness.anAppointment(companyId)]
  await harness.publish(appointmentConfirmed(companyId, asText), appointmentConfirmed(companyId, asTemplate))
  const text = await harness.messageOf(companyId, { appointmentId: asText }, 'SENT')
  const template = await harness.messageOf(companyId, { appointmentId: asTemplate }, 'SENT')
  expect(await messagesOf(reply.message?.messageId ?? '')).toMatchObject([{ type: 'text', text: 'Hello Ada' }])
  expect(await messagesOf(text.messageId)).toMatchObject([{ type: 'text', text: text.text }])
  expect(await messagesOf(template.messageId)).toMatchObject([{ type: 'template', template: { name: 'confirmation' } }])

  await publishStatuses(harness, companyId, 6)
  for (const messageId of [reply.message?.messageId ?? '', text.messageId, template.messageId]) {
    await harness.messageOf(companyId, { messageId }, 'DELIVERED')
  }
}, 30_000)

test('a provider that drops the connection after it took a message, or answers 500, is never asked twice', async () => {
  await using harness = await startHarness(sandbox.whatsappUrl, sandbox.secrets.whatsappAccessToken)
  await sandbox.control.reset()
  const companyId = newCompany()
  await harness.putSender(companyId, aSenderNumber())
  for (const kind of ['disconnect_after', 'error_after', 'rate_limited'] as const) {
    await sandbox.control.addFault({ provider: 'whatsapp', kind, times: 1 })
    const appointmentId = harness.anAppointment(companyId)
    await harness.publish(appointmentConfirmed(companyId, appointmentId))
    const { messageId } = await harness.messageOf(companyId, { appointmentId }, kind === 'rate_limited' ? 'SENT' : 'SENDING')
    await publishStatuses(harness, companyId, 2)
    await harness.messageOf(companyId, { messageId }, 'DELIVERED')
    expect(await messagesOf(messageId)).toHaveLength(1)
  }
}, 30_000)

test('killed between its call and its commit, 50 times: no second message, and each ends delivered', async () => {
  const kills = 50
  await sandbox.control.reset()
  await using around = await startSurroundings(sandbox.whatsappUrl, sandbox.secrets.whatsappAccessToken)
  await using messaging = await startMessagingProcess(around.env)
  const clients = around.clientsAt(messaging.rpcPort)
  const companyId = newCompany()
  const confirmationTemplate = { name: 'confirmation', language: 'en_US' }
  await clients.messaging.putSender({ companyId, phoneNumberId: aSenderNumber(), businessAccountId, confirmationTemplate })

  for (let kill = 1; kill <= kills; kill += 1) {
    await sandbox.control.addFault({ provider: 'whatsapp', kind: 'hang_after', times: 1 })
    await around.publish(appointmentConfirmed(companyId, around.anAppointment(companyId)))
    await eventually(async () => expect(await sandbox.control.whatsapp.messages()).toHaveLength(kill), { timeoutMs: 20_000 })
    await messaging.kill()
    await messaging.start()
  }

  // Whatever a restarted process would send by itself comes before this one.
  const last = around.anAppointment(companyId)
  await around.publish(appointmentConfirmed(companyId, last))
  await eventually(
    async () => {
      const { messages } = await clients.messaging.listMessages({ companyId, appointmentId: last })
      expect(messages).toMatchObject([{ status: 'MESSAGE_STATUS_SENT' }])
    },
    { timeoutMs: 20_000 },
  )
  const { messages: before } = await clients.messaging.listMessages({ companyId, status: 'MESSAGE_STATUS_SENDING', pageSize: 200 })
  expect(before).toHaveLength(kills)

  await publishStatuses(around, companyId, 2 * (kills + 1))
  await eventually(
    async () => {
      const { messages } = await clients.messaging.listMessages({ companyId, pageSize: 200 })
      expect(messages.map(({ status }) => status)).toEqual(Array.from({ length: kills + 1 }, () => 'MESSAGE_STATUS_DELIVERED'))
    },
    { timeoutMs: 20_000 },
  )
  const references = (await sandbox.control.whatsapp.messages()).map(({ reference }) => reference)
  expect(references).toHaveLength(kills + 1)
  expect(new Set(references).size).toBe(kills + 1)
  expect(await messaging.stop()).toBe(0)
}, 240_000)
