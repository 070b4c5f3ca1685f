import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Harness, type ReceivedWebhook, secrets, startHarness } from './harness.ts'

const from = '16505551234'
const window = { phoneNumberId: '106540352242922', businessAccountId: '102290129340398', from, name: 'Zoë', text: 'hi' }
const text = { messaging_product: 'whatsapp', to: from, type: 'text', text: { body: 'hello' } }
const template = (parameters: number, name = 'reminder') => ({
  messaging_product: 'whatsapp',
  to: '+1 (650) 555-1234',
  type: 'template',
  template: {
    name,
    language: { code: 'en_US' },
    components: [{ type: 'body', parameters: Array.from({ length: parameters }, () => ({ type: 'text', text: '10:00' })) }],
  },
})

async function send({ whatsappUrl }: Harness, message: object, token = secrets.WHATSAPP_ACCESS_TOKEN) {
  const response = await fetch(`${whatsappUrl}/v26.0/106540352242922/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(message),
  })
  return {
    status: response.status,
    body: (await response.json()) as { messages: { id: string }[]; error?: { code: number; error_data?: { details: string } } },
  }
}

interface Envelope {
  readonly entry: readonly {
    id: string
    changes: { value: { contacts?: object[]; messages?: object[]; statuses?: { id: string; status: string }[] } }[]
  }[]
}

/** The envelope, if the signature is Meta's over exactly these bytes. */
function verified({ body, headers, path }: ReceivedWebhook): Envelope {
  expect(path).toBe('/v1/webhooks/whatsapp')
  const digest = createHmac('sha256', secrets.WHATSAPP_APP_SECRET).update(body).digest('hex')
  expect(headers['x-hub-signature-256']).toBe(`sha256=${digest}`)
  return JSON.parse(body.toString()) as Envelope
}

const statusesOf = (received: readonly ReceivedWebhook[]) =>
  received.map((webhook) => verified(webhook).entry[0]?.changes[0]?.value.statuses?.[0]).filter((status) => status !== undefined)

test('a text within the window is accepted, and its statuses follow with our reference', async () => {
  await using harness = await startHarness()
  await harness.control('POST', '/whatsapp/inbound', window)
  const sent = await send(harness, { ...text, biz_opaque_callback_data: 'msg_1' })
  const id = sent.body.messages[0]?.id ?? ''
  expect(sent).toMatchObject({ status: 200, body: { messaging_product: 'whatsapp', contacts: [{ input: from, wa_id: from }] } })
  expect(id).toMatch(/^wamid\./)
  const statuses = statusesOf(await harness.webhooks(3))
  expect(statuses).toHaveLength(2)
  expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(['sent', 'delivered']))
  for (const status of statuses) expect(status).toMatchObject({ id, recipient_id: from, biz_opaque_callback_data: 'msg_1' })
  const { messages } = await harness.control<{ messages: object[] }>('GET', '/state/whatsapp')
  expect(messages).toEqual([
    {
      id,
      phoneNumberId: '106540352242922',
      to: from,
      type: 'text',
      text: 'hello',
      template: null,
      reference: 'msg_1',
      statuses: ['sent', 'delivered'],
    },
  ])
})

test('a text is refused before the user wrote and a day after, and a template is not', async () => {
  await using harness = await startHarness()
  expect(await send(harness, text)).toMatchObject({ status: 400, body: { error: { code: 131_047, type: 'OAuthException' } } })
  await harness.control('POST', '/whatsapp/inbound', window)
  harness.clock.now = new Date(harness.clock.now.getTime() + 24 * 3_600_000 - 1)
  expect(await send(harness, text)).toMatchObject({ status: 200 })
  harness.clock.now = new Date(harness.clock.now.getTime() + 1)
  expect(await send(harness, text)).toMatchObject({ body: { error: { code: 131_047 } } })
  expect(await send(harness, template(1))).toMatchObject({ status: 200, body: { messages: [{ message_status: 'accepted' }] } })
})

test('once templates are registered, only they exist, with their number of parameters', async () => {
  await using harness = await startHarness()
  await harness.control('POST', '/whatsapp/templates', { name: 'reminder', language: 'en_US', parameterCount: 1 })
  expect(await send(harness, template(1))).toMatchObject({ status: 200 })
  expect(await send(harness, template(2))).toMatchObject({ status: 400, body: { error: { code: 132_000 } } })
  const missing = await send(harness, template(1, 'other'))
  expect(missing).toMatchObject({ status: 404, body: { error: { code: 132_001 } } })
  expect(missing.body.error?.error_data?.details).toBe('template name (other) does not exist in en_US')
})

test.each([
  ['no recipient', { ...text, to: undefined }, 100],
  ['a recipient that is no number', { ...text, to: 'ada' }, 131_009],
  ['a user id that is none', { ...text, to: undefined, recipient: 'ada' }, 131_009],
  ['no product', { ...text, messaging_product: undefined }, 100],
  ['no text', { ...text, text: {} }, 100],
  ['a kind that is not here', { ...text, type: 'image' }, 131_051],
])('%s is refused with %s', async (_what, message, code) => {
  await using harness = await startHarness()
  expect(await send(harness, message)).toMatchObject({ status: 400, body: { error: { code } } })
})

test('a wrong token, a body that is no JSON and a path of nothing are refused in Meta’s shape', async () => {
  await using harness = await startHarness()
  expect(await send(harness, text, 'other')).toMatchObject({ status: 401, body: { error: { code: 190 } } })
  const headers = { authorization: `Bearer ${secrets.WHATSAPP_ACCESS_TOKEN}` }
  const broken = await fetch(`${harness.whatsappUrl}/v26.0/1/messages`, { method: 'POST', headers, body: '{' })
  expect([broken.status, await broken.json()]).toMatchObject([400, { error: { code: 100 } }])
  for (const path of ['/v26.0/1/nothing', '/latest/1/messages']) {
    const nowhere = await fetch(harness.whatsappUrl + path, { method: 'POST', headers })
    expect([nowhere.status, await nowhere.json()]).toMatchObject([400, { error: { code: 100, error_subcode: 33 } }])
  }
})

test('an inbound message is a signed webhook, whose letters beyond ASCII are escaped', async () => {
  await using harness = await startHarness()
  const { messageId } = await harness.control<{ messageId: string }>('POST', '/whatsapp/inbound', { ...window, fromUserId: 'US.1349' })
  const [webhook] = await harness.webhooks(1)
  const { entry } = verified(webhook!)
  expect(webhook?.body.toString()).toContain(String.raw`Zo\u00eb`)
  expect(entry[0]?.id).toBe('102290129340398')
  expect(entry[0]?.changes[0]?.value).toMatchObject({
    metadata: { phone_number_id: '106540352242922' },
    contacts: [{ profile: { name: 'Zoë' }, wa_id: from, user_id: 'US.1349' }],
    messages: [{ from, from_user_id: 'US.1349', id: messageId, type: 'text', text: { body: 'hi' } }],
  })
})

test('a user who is known by his id alone can be answered by it', async () => {
  await using harness = await startHarness()
  await harness.control('POST', '/whatsapp/inbound', { ...window, fromUserId: 'US.1349', withoutFrom: true })
  const [webhook] = await harness.webhooks(1)
  const { contacts, messages } = verified(webhook!).entry[0]?.changes[0]?.value ?? {}
  expect(Object.keys({ ...messages?.[0] })).not.toContain('from')
  expect(Object.keys({ ...contacts?.[0] })).not.toContain('wa_id')
  const answered = await send(harness, { ...text, to: undefined, recipient: 'US.1349' })
  expect(answered).toMatchObject({ status: 200, body: { contacts: [{ input: 'US.1349', user_id: 'US.1349' }] } })
  const statuses = statusesOf(await harness.webhooks(3))
  expect(statuses[0]).toMatchObject({ recipient_user_id: 'US.1349' })
})

test('read and failed are told when asked; a failure names its error and no contact', async () => {
  await using harness = await startHarness()
  await harness.control('PUT', '/whatsapp/automatic-statuses', { statuses: [] })
  await harness.control('PUT', '/whatsapp/accounts', { phoneNumberId: '106540352242922', businessAccountId: '42' })
  const { body } = await send(harness, template(0))
  const id = body.messages[0]?.id
  await harness.control('POST', `/whatsapp/messages/${id}/read`)
  await harness.control('POST', `/whatsapp/messages/${id}/fail`, { code: 131_026 })
  const received = (await harness.webhooks(2)).map(verified)
  expect(received.map(({ entry }) => entry[0]?.id)).toEqual(['42', '42'])
  const failed = received.map(({ entry }) => entry[0]?.changes[0]?.value).find((value) => value?.statuses?.[0]?.status === 'failed')
  expect(failed).toMatchObject({ statuses: [{ id, errors: [{ code: 131_026, title: 'Message undeliverable' }] }] })
  expect(failed).not.toHaveProperty('contacts')
  const { messages } = await harness.control<{ messages: object[] }>('GET', '/state/whatsapp')
  expect(messages).toMatchObject([{ statuses: ['read', 'failed'] }])
  await expect(harness.control('POST', '/whatsapp/messages/wamid.none/read')).rejects.toThrow('404')
})
