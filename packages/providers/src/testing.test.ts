import { expect, test } from 'vitest'
import { delivery } from '../test/support.ts'
import { providers } from './index.ts'
import {
  calcomSignatureHeader,
  calcomWebhook,
  retellSignatureHeader,
  retellWebhook,
  signCalcom,
  signRetell,
  signStandard,
  signStripe,
  signWhatsapp,
  standardWebhook,
  stripeSignatureHeader,
  stripeWebhook,
  whatsappBatch,
  whatsappSignatureHeader,
  whatsappWebhook,
} from './testing.ts'

test('a signed sample passes its provider', () => {
  const now = new Date('2026-11-20T09:00:00Z')
  const call = retellWebhook('call_analyzed')
  providers.retell.verify(
    { headers: { [retellSignatureHeader]: signRetell(call.body, 'key', now.getTime()) }, rawBody: call.body },
    ['key'],
    now,
  )
  expect(providers.retell.normalize(call.body, delivery)[0]?.type).toBe('frontdesk.call.analyzed.v1')
  const booking = calcomWebhook('BOOKING_CREATED')
  providers.calcom.verify(
    { headers: { [calcomSignatureHeader]: signCalcom(booking.body, 'secret') }, rawBody: booking.body },
    ['secret'],
    now,
  )
  expect(providers.calcom.normalize(booking.body, delivery)[0]?.type).toBe('frontdesk.calendar_booking.created.v1')
})

test('a signed sample of Stripe and of WhatsApp passes its provider', () => {
  const now = new Date('2026-11-20T09:00:00Z')
  const invoice = stripeWebhook('invoice.paid').body
  const byStripe = { [stripeSignatureHeader]: signStripe(invoice, 'whsec_1', now.getTime()) }
  providers.stripe.verify({ headers: byStripe, rawBody: invoice }, ['whsec_1'], now)
  expect(providers.stripe.normalize(invoice, delivery)[0]?.type).toBe('frontdesk.invoice.changed.v1')
  const batch = whatsappBatch([
    whatsappWebhook('text'),
    whatsappWebhook('delivered', { id: 'wamid.x' }, { wabaId: '1', phoneNumberId: '2' }),
  ])
  const byMeta = { [whatsappSignatureHeader]: signWhatsapp(batch.body, 'secret') }
  providers.whatsapp.verify({ headers: byMeta, rawBody: batch.body }, ['secret'], now)
  expect(providers.whatsapp.normalize(batch.body, delivery).map(({ type }) => type)).toEqual([
    'frontdesk.message.received.v1',
    'frontdesk.message.status_changed.v1',
  ])
})

test('a signed sample of Standard Webhooks passes its provider', () => {
  const now = new Date('2026-11-20T09:00:00Z')
  const { body } = standardWebhook('contact.created')
  const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
  const headers = signStandard(body, secret, { id: 'msg_1', timestampMs: now.getTime() })
  providers.standard.verify({ headers, rawBody: body }, [secret], now)
  expect(providers.standard.normalize(body, { ...delivery, headers })[0]?.type).toBe('frontdesk.provider_event.received.v1')
})

test('overrides merge objects, replace everything else, and take away what is undefined', () => {
  const { json, body } = calcomWebhook('BOOKING_CREATED', {
    payload: { uid: 'u', organizer: { id: 9 }, attendees: [], metadata: undefined, location: { type: 'phone' } },
  })
  expect(json['payload']).toMatchObject({
    uid: 'u',
    organizer: { id: 9, email: 'salon@example.com' },
    attendees: [],
    location: { type: 'phone' },
  })
  expect(json['payload']).not.toHaveProperty('metadata')
  expect(JSON.parse(body.toString())).toEqual(json)
})

test('one sample does not change the next', () => {
  retellWebhook('call_ended', { call: { call_id: 'changed' } })
  expect(retellWebhook('call_ended').json).toMatchObject({ call: { call_id: 'call_5f3c1a9be2d84706' } })
})
