import type { JsonObject } from '../json.ts'

/** Which of our numbers, by Meta's ids, a sample is about. */
export interface WhatsappNumber {
  readonly wabaId: string
  readonly phoneNumberId: string
}

export const sampleNumber: WhatsappNumber = { wabaId: '102290129340398', phoneNumberId: '106540352242922' }

const wamid = 'wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA='
const person: JsonObject = { from: '16505551234', from_user_id: 'US.13491208655302741918' }
const reply: JsonObject = { context: { from: '15550783881', id: 'wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA' } }
const sentMessage: JsonObject = {
  id: 'wamid.HBgLMTY1MDU1NTEyMzQVAgARGBJBRkQ1NjM0RDM4RkE1NEI5OEEA',
  timestamp: '1795165260',
  recipient_id: '16505551234',
  recipient_user_id: 'US.13491208655302741918',
  biz_opaque_callback_data: 'msg_01jd3w2k7xe9qr5m8tz4vb6n0c',
}
const media: JsonObject = { id: '2754859441498128', mime_type: 'image/jpeg', sha256: 'bqd2PpYnHKXTAA==' }

const messages: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['text', { text: { body: 'Can I come on Tuesday at ten?' } }],
  ['image', { image: { ...media, caption: 'Like this, please' } }],
  ['audio', { audio: { ...media, mime_type: 'audio/ogg; codecs=opus', voice: true } }],
  ['video', { video: { ...media, mime_type: 'video/mp4', caption: 'The damage' } }],
  ['document', { document: { ...media, mime_type: 'application/pdf', filename: 'invoice.pdf', caption: 'See page 2' } }],
  ['sticker', { sticker: { ...media, mime_type: 'image/webp', animated: false } }],
  ['location', { location: { latitude: 52.52, longitude: 13.405, name: 'Home', address: 'Beispielstraße 1' } }],
  ['button', { ...reply, button: { payload: 'confirm', text: 'Confirm' } }],
  ['interactive', { ...reply, interactive: { type: 'button_reply', button_reply: { id: 'slot_1', title: 'Tuesday 10:00' } } }],
  ['reaction', { reaction: { message_id: 'wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA', emoji: '👍' } }],
  [
    'contacts',
    {
      contacts: [
        { name: { formatted_name: 'Karl Kunde', first_name: 'Karl' }, phones: [{ phone: '+49 151 12345678', wa_id: '4915112345678' }] },
      ],
    },
  ],
  [
    'order',
    {
      order: {
        catalog_id: '194836987003835',
        text: 'For Tuesday, please',
        product_items: [{ product_retailer_id: 'di9ozbzfi4', quantity: 2, item_price: 7.99, currency: 'EUR' }],
      },
    },
  ],
  [
    'unsupported',
    { errors: [{ code: 131051, title: 'Message type unknown', error_data: { details: 'Message type is currently not supported.' } }] },
  ],
  ['system', { system: { body: 'Sheena changed from 16505551234 to 16505559999', wa_id: '16505559999', type: 'user_changed_number' } }],
])

const statuses: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ['sent', { pricing: { billable: true, pricing_model: 'PMP', category: 'utility', type: 'regular' } }],
  ['delivered', { timestamp: '1795165262' }],
  ['read', { timestamp: '1795165300' }],
  ['played', { timestamp: '1795165310' }],
  [
    'failed',
    {
      errors: [
        {
          code: 131047,
          title: 'Re-engagement message',
          message: 'Re-engagement message',
          error_data: { details: 'More than 24 hours have passed since the recipient last replied.' },
        },
      ],
    },
  ],
])

const otherValues: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  [
    'message_template_status_update',
    {
      event: 'APPROVED',
      message_template_id: 1_689_556_908_129_832,
      message_template_name: 'appointment_confirmation',
      message_template_language: 'de',
      reason: null,
      message_template_category: 'UTILITY',
    },
  ],
  [
    'account_update',
    {
      event: 'ACCOUNT_RESTRICTION',
      phone_number: '15550783881',
      restriction_info: [{ restriction_type: 'RESTRICTED_BIZ_INITIATED_MESSAGING', expiration: 1_795_251_600 }],
    },
  ],
  [
    'user_id_update',
    {
      user_id_update: [
        {
          wa_id: '16505559999',
          detail: 'User id for Sheena Nelson has been updated.',
          user_id: { previous: 'US.13491208655302741918', current: 'US.24817305912873645029' },
          timestamp: '1795165200',
        },
      ],
    },
  ],
])

/**
 * What Meta sends of a message (`text`, `image`, …), a status (`sent`, `delivered`, `read`, `failed`, `played`), or a
 * change of any other field; `adapt` has the message's, the status's or the value's members.
 */
export function whatsappDefaults(
  kind: string,
  { wabaId, phoneNumberId }: WhatsappNumber,
  adapt: (part: JsonObject) => JsonObject,
): JsonObject {
  const metadata = { messaging_product: 'whatsapp', metadata: { display_phone_number: '15550783881', phone_number_id: phoneNumberId } }
  const request = (field: string, value: JsonObject, more: JsonObject = {}): JsonObject => ({
    object: 'whatsapp_business_account',
    entry: [{ id: wabaId, ...more, changes: [{ value, field }] }],
  })
  const message = messages.get(kind)
  if (message) {
    const contacts = [
      { profile: { name: 'Sheena Nelson', username: '@sheena' }, wa_id: person['from'] ?? '', user_id: person['from_user_id'] ?? '' },
    ]
    const whole = adapt({ ...person, id: wamid, timestamp: '1795165200', type: kind, ...message })
    return request('messages', { ...metadata, contacts, messages: [whole] })
  }
  const status = statuses.get(kind)
  if (status) return request('messages', { ...metadata, statuses: [adapt({ ...sentMessage, status: kind, ...status })] })
  return request(kind, adapt(otherValues.get(kind) ?? {}), { time: 1_795_165_200 })
}
