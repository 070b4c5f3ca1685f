import { MessageDeliveryStatus } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { delivery, evidenceOf, onlyEvent, payloadOf, sourceOf, violationsOf } from '../../test/support.ts'
import type { Delivery } from '../provider.ts'
import { type Overrides, whatsappWebhook } from '../testing.ts'
import { whatsapp } from './index.ts'

const wamid = 'wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA='
const answered = 'wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA'
const userId = 'US.13491208655302741918'
const ourEvidence = ['whatsapp_phone_number 106540352242922', 'whatsapp_account 102290129340398']

const received = (body: Buffer | string) => onlyEvent(whatsapp, body)
const event = (kind: string, overrides?: Overrides, given?: Partial<Delivery>) =>
  onlyEvent(whatsapp, whatsappWebhook(kind, overrides).body, given)
const messageOf = (kind: string, overrides?: Overrides) => payloadOf('frontdesk.message.received.v1', event(kind, overrides))
const statusOf = (kind: string, overrides?: Overrides) => payloadOf('frontdesk.message.status_changed.v1', event(kind, overrides))

test('a message tells who wrote what to which of our numbers, and when', () => {
  const text = event('text')
  expect(text).toMatchObject({ entityId: wamid, occurredAt: new Date('2026-11-20T09:00:00.000Z') })
  const { source, ...message } = payloadOf('frontdesk.message.received.v1', text)
  expect(source).toMatchObject({
    provider: 'whatsapp',
    providerEventType: 'messages',
    entityType: 'message',
    entityId: wamid,
    entityStartedAt: text.occurredAt,
  })
  expect(message).toEqual({
    providerMessageId: wamid,
    phoneNumberId: '106540352242922',
    businessAccountId: '102290129340398',
    sender: { phoneNumber: '+16505551234', providerUserId: userId, name: 'Sheena Nelson' },
    sentAt: new Date('2026-11-20T09:00:00.000Z'),
    kind: 'text',
    text: 'Can I come on Tuesday at ten?',
    replyToProviderMessageId: '',
    media: undefined,
    location: undefined,
    contacts: [],
    choice: undefined,
    emoji: '',
    order: undefined,
    failure: undefined,
  })
  expect(evidenceOf(text)).toEqual(ourEvidence)
})

const file = (mimeType: string) => ({
  providerMediaId: '2754859441498128',
  mimeType,
  sha256: 'bqd2PpYnHKXTAA==',
  fileName: '',
  voice: false,
})

test.each([
  ['image', { text: 'Like this, please', media: file('image/jpeg') }],
  ['audio', { text: '', media: { ...file('audio/ogg; codecs=opus'), voice: true } }],
  ['video', { text: 'The damage', media: file('video/mp4') }],
  ['document', { text: 'See page 2', media: { ...file('application/pdf'), fileName: 'invoice.pdf' } }],
  ['sticker', { text: '', media: file('image/webp') }],
  ['location', { text: '', location: { latitude: 52.52, longitude: 13.405, name: 'Home', address: 'Beispielstraße 1' } }],
  ['contacts', { text: '', contacts: [{ name: 'Karl Kunde', phoneNumbers: ['+4915112345678'] }] }],
  ['button', { text: 'Confirm', replyToProviderMessageId: answered, choice: { id: 'confirm', title: 'Confirm', description: '' } }],
  [
    'interactive',
    { text: 'Tuesday 10:00', replyToProviderMessageId: answered, choice: { id: 'slot_1', title: 'Tuesday 10:00', description: '' } },
  ],
  ['reaction', { text: '', replyToProviderMessageId: answered, emoji: '👍' }],
  ['order', { text: 'For Tuesday, please', order: { catalogId: '194836987003835', items: [{ productId: 'di9ozbzfi4', quantity: 2 }] } }],
  [
    'unsupported',
    { text: '', failure: { code: 131_051, title: 'Message type unknown', details: 'Message type is currently not supported.' } },
  ],
])('a message of kind %s tells its kind, and all of its content', (kind, expected) => {
  expect(messageOf(kind)).toMatchObject({ kind, ...expected })
})

test('a choice of a list counts by its title, and a caption by the kind that it belongs to', () => {
  expect(
    messageOf('interactive', {
      interactive: { type: 'list_reply', button_reply: undefined, list_reply: { id: '1', title: 'Mia', description: 'Cuts' } },
    }),
  ).toMatchObject({ text: 'Mia', choice: { id: '1', title: 'Mia', description: 'Cuts' } })
  expect(messageOf('text', { image: { caption: 'of no image' } })).toMatchObject({
    text: 'Can I come on Tuesday at ten?',
    media: undefined,
  })
  for (const kind of ['video', 'document']) {
    expect(messageOf('audio', { type: kind, audio: undefined, [kind]: { id: '1', caption: 'See page 2' } })).toMatchObject({
      kind,
      text: 'See page 2',
    })
  }
})

test('content that Meta may leave out is empty, and a reaction that was taken back has no emoji', () => {
  for (const kind of ['image', 'audio', 'video', 'document', 'sticker', 'location', 'button', 'interactive', 'order']) {
    expect(messageOf(kind, { [kind]: undefined })).toMatchObject({ kind, text: '', media: undefined, choice: undefined, order: undefined })
  }
  expect(messageOf('contacts', { contacts: [{}, { phones: [{ phone: 'later' }, { wa_id: '4915112345678' }] }] }).contacts).toEqual([
    { name: '', phoneNumbers: [] },
    { name: '', phoneNumbers: ['+4915112345678'] },
  ])
  expect(messageOf('reaction', { reaction: { emoji: undefined } })).toMatchObject({ emoji: '', replyToProviderMessageId: answered })
  expect(messageOf('order', { order: { product_items: [{ product_retailer_id: 'a', quantity: '3' }] } }).order?.items).toEqual([
    { productId: 'a', quantity: 3 },
  ])
})

test('content of wrong types says where', () => {
  const violations = violationsOf(
    event('location', { location: { latitude: 91, longitude: '13' }, contacts: {}, order: { product_items: [{ quantity: -1 }] } }),
  )
  expect(violations.map((violation) => violation.replace('entry.0.changes.0.value.messages.0.', ''))).toEqual([
    'location.latitude: expected at most 90, received number',
    'location.longitude: expected number, received string',
    'contacts: expected array, received object',
    'order.product_items.0.product_retailer_id: expected string, received nothing',
    'order.product_items.0.quantity: expected at least 0, received number',
  ])
})

test('a kind that we have never heard of is a message all the same', () => {
  expect(messageOf('text', { type: 'hologram', text: undefined, hologram: { id: '1' } })).toMatchObject({ kind: 'hologram', text: '' })
  expect(messageOf('text', { type: 'unsupported', text: undefined, errors: [{ code: 131051 }] })).toMatchObject({ kind: 'unsupported' })
})

test('known bug 9: a message without from is known by the person’s id, and by its name', () => {
  expect(messageOf('text', { from: undefined }).sender).toEqual({ phoneNumber: '', providerUserId: userId, name: 'Sheena Nelson' })
  expect(messageOf('text', { from: undefined, from_user_id: 'US.other' }).sender).toEqual({
    phoneNumber: '',
    providerUserId: 'US.other',
    name: '',
  })
})

test('a person’s id may be as long as Meta’s longest, and so may a message’s', () => {
  const longest = `DE.${'a1'.repeat(64)}`
  const id = `wamid.${'A'.repeat(240)}`
  expect(messageOf('text', { id, from: undefined, from_user_id: longest })).toMatchObject({
    providerMessageId: id,
    sender: { providerUserId: longest },
  })
})

test('a message from nobody does not fit', () => {
  for (const nobody of [undefined, '', 'anonymous', '0', '1'.repeat(30)]) {
    expect(violationsOf(event('text', { from: nobody, from_user_id: undefined }))).toEqual([
      `entry.0.changes.0.value.messages.0.from: expected a phone number in digits, or from_user_id beside it, received ${
        nobody === undefined ? 'nothing' : 'string'
      }`,
    ])
  }
})

test('numbers come without + and go on in E.164', () => {
  expect(messageOf('text', { from: '4915112345678' }).sender?.phoneNumber).toBe('+4915112345678')
  expect(statusOf('sent', { recipient_id: '5516992318222' }).recipient?.phoneNumber).toBe('+5516992318222')
})

test('contacts that do not fit cost a name and no message', () => {
  const named = (contacts: string) => {
    const text = whatsappWebhook('text').body.toString()
    const body = text.replace(/"contacts":\[.*?\],"messages"/, `"contacts":${contacts},"messages"`)
    expect(body).toContain(`"contacts":${contacts}`)
    return payloadOf('frontdesk.message.received.v1', received(body)).sender?.name
  }
  for (const contacts of [
    '7',
    'null',
    '[]',
    '[null,{"profile":7,"wa_id":"16505551234"}]',
    '[{"profile":{"name":"X"},"wa_id":"16505550000"}]',
  ]) {
    expect(named(contacts)).toBe('')
  }
  expect(named('[{"profile":{"name":"Other"},"wa_id":"16505550000"},{"profile":{"name":"By number"},"wa_id":"16505551234"}]')).toBe(
    'By number',
  )
  expect(named(`[{"profile":{"name":"By id"},"user_id":"${userId}"}]`)).toBe('By id')
})

test('a status tells what became of which message of ours', () => {
  const read = event('read')
  expect(read.occurredAt).toEqual(new Date('2026-11-20T09:01:40.000Z'))
  const { source, ...status } = payloadOf('frontdesk.message.status_changed.v1', read)
  expect(source).toMatchObject({ providerEventType: 'statuses', entityType: 'message', entityId: status.providerMessageId })
  expect(status).toEqual({
    providerMessageId: 'wamid.HBgLMTY1MDU1NTEyMzQVAgARGBJBRkQ1NjM0RDM4RkE1NEI5OEEA',
    phoneNumberId: '106540352242922',
    businessAccountId: '102290129340398',
    recipient: { phoneNumber: '+16505551234', providerUserId: userId, name: '' },
    status: MessageDeliveryStatus.READ,
    changedAt: read.occurredAt,
    reference: 'msg_01jd3w2k7xe9qr5m8tz4vb6n0c',
    failure: undefined,
  })
  expect(evidenceOf(read)).toEqual(ourEvidence)
})

test('known bug 9: a failed status, which comes without contacts, tells why', () => {
  expect(whatsappWebhook('failed').body.toString()).not.toContain('contacts')
  expect(statusOf('failed')).toMatchObject({
    status: MessageDeliveryStatus.FAILED,
    failure: {
      code: 131_047,
      title: 'Re-engagement message',
      details: 'More than 24 hours have passed since the recipient last replied.',
    },
  })
})

test('a failed status without a reason failed all the same, and one without details says its message', () => {
  expect(statusOf('failed', { errors: undefined }).failure).toEqual({ code: 0, title: '', details: '' })
  expect(statusOf('failed', { errors: [{ code: 131_026, message: 'Undeliverable' }] }).failure).toEqual({
    code: 131_026,
    title: '',
    details: 'Undeliverable',
  })
})

test('a status may name its recipient by id alone, or not at all, and bring nothing of ours along', () => {
  expect(statusOf('sent', { recipient_id: undefined }).recipient).toMatchObject({ phoneNumber: '', providerUserId: userId })
  expect(statusOf('sent', { recipient_id: undefined, recipient_user_id: undefined }).recipient).toBeUndefined()
  expect(statusOf('sent', { biz_opaque_callback_data: undefined }).reference).toBe('')
})

test('a status that is not modelled is kept and does not count as one that does not fit', () => {
  const played = event('played')
  expect(violationsOf(played)).toEqual([])
  expect(sourceOf(played)).toMatchObject({ entityType: 'message', providerEventType: 'statuses' })
})

test('WhatsApp’s own notes among the messages are nobody’s message', () => {
  for (const type of ['customer_identity_changed', 'user_preference', undefined]) {
    const system = event('system', { system: { type } })
    expect(violationsOf(system)).toEqual([])
    expect(evidenceOf(system)).toEqual(ourEvidence)
  }
})

const ours = { phoneNumberId: '106540352242922', businessAccountId: '102290129340398' }

test('a person who changed his number, or whose id changed with it, is told as known before and as known now', () => {
  const changedBy = (overrides: Overrides) => payloadOf('frontdesk.contact.id_changed.v1', event('system', overrides))
  expect(changedBy({})).toMatchObject({
    ...ours,
    previous: { phoneNumber: '+16505551234', providerUserId: userId },
    current: { phoneNumber: '+16505559999', providerUserId: '' },
  })
  const withId = { type: 'user_changed_user_id', wa_id: undefined, user_id: 'US.new' }
  expect(changedBy({ from: undefined, system: withId })).toMatchObject({
    previous: { phoneNumber: '', providerUserId: userId },
    current: { phoneNumber: '', providerUserId: 'US.new' },
  })
  const named = changedBy({ from_user_id: 'US.new', system: { ...withId, previous_user_id: 'US.old' } })
  expect(named.previous).toMatchObject({ phoneNumber: '+16505551234', providerUserId: 'US.old' })
  const toNobody = event('system', { system: { type: 'user_changed_user_id', wa_id: undefined } })
  expect(violationsOf(toNobody)).toEqual([
    'entry.0.changes.0.value.messages.0.system.user_id: expected an id, or a phone number in digits beside it, received nothing',
  ])
})

test('each of the ids that changed is an event of its own, and the same again is a duplicate', () => {
  const update = (...current: string[]) =>
    whatsappWebhook('user_id_update', {
      metadata: { phone_number_id: '106540352242922' },
      user_id_update: current.map((id) => ({ user_id: { previous: userId, current: id }, timestamp: '1795165260' })),
    }).body
  const changed = whatsapp.normalize(update('US.a', 'US.b'), delivery)
  expect(changed.map((one) => payloadOf('frontdesk.contact.id_changed.v1', one))).toMatchObject(
    ['US.a', 'US.b'].map((providerUserId) => ({
      ...ours,
      previous: { phoneNumber: '', providerUserId: userId },
      current: { phoneNumber: '', providerUserId },
    })),
  )
  expect(changed[0]?.occurredAt).toEqual(new Date('2026-11-20T09:01:00.000Z'))
  expect(changed.map(evidenceOf)).toEqual([ourEvidence, ourEvidence])
  expect(onlyEvent(whatsapp, update('US.b')).id).toBe(changed[1]?.id)
  expect(payloadOf('frontdesk.contact.id_changed.v1', event('user_id_update')).current).toMatchObject({
    phoneNumber: '+16505559999',
    providerUserId: 'US.24817305912873645029',
  })
})

test('what became of a template is told by its id, language and reason', () => {
  const decided = event('message_template_status_update')
  expect(decided.entityId).toBe('1689556908129832')
  expect(payloadOf('frontdesk.template.status_changed.v1', decided)).toMatchObject({
    source: { entityType: 'template', entityId: '1689556908129832' },
    businessAccountId: '102290129340398',
    providerTemplateId: '1689556908129832',
    name: 'appointment_confirmation',
    language: 'de',
    status: 'APPROVED',
    reason: '',
    category: 'UTILITY',
  })
  const rejected = event('message_template_status_update', {
    event: 'REJECTED',
    message_template_id: '16895569081298329999',
    reason: 'INCORRECT_CATEGORY',
  })
  expect(payloadOf('frontdesk.template.status_changed.v1', rejected)).toMatchObject({
    providerTemplateId: '16895569081298329999',
    status: 'REJECTED',
    reason: 'INCORRECT_CATEGORY',
  })
  expect(violationsOf(event('message_template_status_update', { message_template_id: null }))).toEqual([
    'entry.0.changes.0.value.message_template_id: expected an id of digits, received null',
  ])
})

test('what happened to an account is told by its event', () => {
  expect(payloadOf('frontdesk.messaging_account.updated.v1', event('account_update'))).toMatchObject({
    businessAccountId: '102290129340398',
    event: 'ACCOUNT_RESTRICTION',
    phoneNumber: '+15550783881',
    violation: '',
    banState: '',
    restrictions: ['RESTRICTED_BIZ_INITIATED_MESSAGING'],
  })
  const disabled = { event: 'DISABLED_UPDATE', phone_number: undefined, restriction_info: null, ban_info: { waba_ban_state: 'DISABLE' } }
  expect(payloadOf('frontdesk.messaging_account.updated.v1', event('account_update', disabled))).toMatchObject({
    event: 'DISABLED_UPDATE',
    phoneNumber: '',
    banState: 'DISABLE',
    restrictions: [],
  })
})

test.each(['message_template_status_update', 'account_update', 'user_id_update', 'phone_number_quality_update', 'a_future_field'])(
  'a change of %s, which has no metadata, is kept with the account as its evidence',
  (field) => {
    const kept = event(field)
    expect(sourceOf(kept)).toMatchObject({ providerEventType: field, occurredAt: new Date('2026-11-20T09:00:00.000Z') })
    expect(evidenceOf(kept)).toEqual(['whatsapp_account 102290129340398'])
  },
)

test('a field that we do not model does not count as one that does not fit', () => {
  expect(violationsOf(event('a_future_field'))).toEqual([])
})

test('the number as people read it is no evidence, and neither are the zeros of Meta’s test button', () => {
  const sent = (ours: { wabaId: string; phoneNumberId: string }) => evidenceOf(received(whatsappWebhook('text', {}, ours).body))
  expect(sent({ wabaId: '0', phoneNumberId: '123456123' })).toEqual(['whatsapp_phone_number 123456123'])
  expect(sent({ wabaId: '+15550783881', phoneNumberId: 'x' })).toEqual([])
})

test('the connection is evidence only when its own secret verified', () => {
  expect(evidenceOf(event('text', {}, { connectionId: 'con_1' }))).toEqual(['connection con_1', ...ourEvidence])
})

test('a message to a number that the change does not name does not fit, and says where', () => {
  const body = whatsappWebhook('text').body.toString().replace('"phone_number_id":"106540352242922"', '"phone_number_id":7')
  const drifted = received(body)
  expect(violationsOf(drifted)).toEqual(['entry.0.changes.0.value.metadata.phone_number_id: expected string, received number'])
  expect(drifted.id).toBe(event('text').id)
})

test('wrong types are named by their whole paths, never by their values', () => {
  expect(violationsOf(event('text', { timestamp: 1_795_165_200, text: { body: 7 }, context: 'x' }))).toEqual([
    'entry.0.changes.0.value.messages.0.timestamp: expected string, received number',
    'entry.0.changes.0.value.messages.0.context: expected object, received string',
    'entry.0.changes.0.value.messages.0.text.body: expected string, received number',
  ])
  expect(violationsOf(event('sent', { status: 7, timestamp: 'now' }))).toEqual([
    'entry.0.changes.0.value.statuses.0.status: expected one of sent, delivered, read, failed, received number',
    'entry.0.changes.0.value.statuses.0.timestamp: expected seconds since 1970, in digits, received string',
  ])
  expect(violationsOf(event('text', { text: undefined }))).toEqual([
    'entry.0.changes.0.value.messages.0.text: expected object, received nothing',
  ])
})

const envelope = (entry: string) => `{"object":"whatsapp_business_account","entry":${entry}}`
test.each([
  ['false', '(body): expected object, received boolean'],
  ['{"object":"page","entry":[{}]}', 'object: expected one of whatsapp_business_account, received string'],
  [envelope('{}'), 'entry: expected array, received object'],
  [envelope('[]'), 'entry: expected at least 1 items, received array'],
  [envelope('[7]'), 'entry.0: expected object, received number'],
  [envelope('[{"id":"1"}]'), 'entry.0.changes: expected array, received nothing'],
  [envelope('[{"id":"1","changes":[]}]'), 'entry.0.changes: expected at least 1 items, received array'],
  [envelope('[{"id":"1","changes":[null]}]'), 'entry.0.changes.0: expected object, received null'],
  [
    envelope('[{"changes":[{"field":"a b","value":{}}]}]'),
    'entry.0.changes.0.field: expected a name of up to 64 letters, digits, or _ . -, received string',
  ],
  [envelope('[{"changes":[{"field":"messages"}]}]'), 'entry.0.changes.0.value: expected object nested up to 16 deep, received nothing'],
  [
    envelope('[{"changes":[{"field":"messages","value":{"messages":{}}}]}]'),
    'entry.0.changes.0.value.messages: expected array, received object',
  ],
])('the verified body %s is kept with: %s', (body, violation) => {
  expect(violationsOf(received(body))).toEqual([violation])
})

test.each(['{"messages":[]}', '{"messages":null,"statuses":[]}', '{"errors":[{"code":131000}]}', '{}'])(
  'a change of messages that holds none, %s, is kept as one change',
  (value) => {
    const [event] = whatsapp.normalize(Buffer.from(envelope(`[{"id":"1","changes":[{"field":"messages","value":${value}}]}]`)), delivery)
    expect(event && violationsOf(event)).toEqual([])
  },
)

test('fields that we do not know change nothing', () => {
  expect(event('text', { referral: { source_id: '1' }, new_field: [1] }).body).toEqual(event('text').body)
})
