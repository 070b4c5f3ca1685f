import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { onlyEvent } from '../test/support.ts'
import { providers } from './index.ts'
import type { Delivery } from './provider.ts'
import { calcomWebhook, type Overrides, retellWebhook, standardWebhook, stripeWebhook, whatsappWebhook } from './testing.ts'

function retellId(event: string, overrides?: Overrides, delivery?: Partial<Delivery>): string {
  return onlyEvent(providers.retell, retellWebhook(event, overrides).body, delivery).id
}

function calcomId(trigger: string, overrides?: Overrides, delivery?: Partial<Delivery>): string {
  return onlyEvent(providers.calcom, calcomWebhook(trigger, overrides).body, { connectionId: 'con_1', ...delivery }).id
}

function stripeId(type: string, overrides?: Overrides, delivery?: Partial<Delivery>): string {
  return onlyEvent(providers.stripe, stripeWebhook(type, overrides).body, delivery).id
}

function whatsappId(kind: string, overrides?: Overrides, delivery?: Partial<Delivery>): string {
  return onlyEvent(providers.whatsapp, whatsappWebhook(kind, overrides).body, delivery).id
}

function standardId(webhookId: string, overrides?: Overrides, delivery?: Partial<Delivery>): string {
  const scope = { connectionId: 'con_1', headers: { 'webhook-id': webhookId } }
  return onlyEvent(providers.standard, standardWebhook('contact.created', overrides).body, { ...scope, ...delivery }).id
}

const redelivery = { deliveryId: 'dlv_another', receivedAt: new Date('2026-11-21T00:00:00Z') }
const conversationKinds = ['call_started', 'call_ended', 'call_analyzed', 'chat_started', 'chat_ended', 'chat_analyzed']
const transferKinds = ['transfer_started', 'transfer_bridged', 'transfer_cancelled', 'transfer_ended']
const retellKinds = [...conversationKinds, ...transferKinds, 'transcript_updated', 'unheard_of']
const stripeKinds = ['customer.subscription.updated', 'invoice.paid', 'charge.refunded', 'v1.billing.meter.no_meter_found']
const whatsappKinds = ['text', 'image', 'sent', 'delivered', 'read', 'failed', 'account_update']
const calcomKinds = [
  'BOOKING_CREATED',
  'BOOKING_RESCHEDULED',
  'BOOKING_CANCELLED',
  'BOOKING_REQUESTED',
  'BOOKING_NO_SHOW_UPDATED',
  'MEETING_STARTED',
  'MEETING_ENDED',
  'FORM_SUBMITTED',
  'PING',
]

test('an id is derived from provider, scope, kind and the provider’s own key', () => {
  const callId = 'call_5f3c1a9be2d84706'
  const uid = 'bFJeNb2uX8ANpT3JL5EfXw'
  expect(retellId('call_ended')).toBe(deriveEventId(['retell', 'platform', 'call_ended', callId]))
  expect(retellId('call_ended', {}, { connectionId: 'con_9' })).toBe(deriveEventId(['retell', 'con_9', 'call_ended', callId]))
  expect(calcomId('BOOKING_CREATED')).toBe(deriveEventId(['calcom', 'con_1', 'BOOKING_CREATED', uid, '2026-11-20T09:00:00.000Z']))
  expect(stripeId('invoice.paid', { id: 'evt_1' })).toBe(deriveEventId(['stripe', 'platform', 'invoice.paid', 'evt_1']))
  expect(whatsappId('text', { id: 'wamid.a' })).toBe(deriveEventId(['whatsapp', 'platform', 'messages', 'wamid.a']))
  expect(whatsappId('read', { id: 'wamid.a' })).toBe(deriveEventId(['whatsapp', 'platform', 'statuses', 'wamid.a', 'read']))
  expect(calcomId('MEETING_ENDED')).toBe(deriveEventId(['calcom', 'con_1', 'MEETING_ENDED', uid, '2026-11-24T09:45:00.000Z']))
})

test('a redelivery has the id of the first delivery', () => {
  for (const kind of retellKinds) expect(retellId(kind, {}, redelivery)).toBe(retellId(kind))
  for (const kind of calcomKinds) expect(calcomId(kind, {}, redelivery)).toBe(calcomId(kind))
  for (const kind of stripeKinds) expect(stripeId(kind, {}, redelivery)).toBe(stripeId(kind))
  for (const kind of whatsappKinds) expect(whatsappId(kind, {}, redelivery)).toBe(whatsappId(kind))
  expect(standardId('msg_1', {}, redelivery)).toBe(standardId('msg_1'))
})

test('a redelivery that says more has the id of the first delivery, where the provider gives a key', () => {
  // The end of a transfer comes without its destination, so that only equal bytes are known to be the same one.
  for (const kind of [...conversationKinds, ...transferKinds.filter((kind) => kind !== 'transfer_ended')])
    expect(retellId(kind, { call: { transcript: 'longer' } })).toBe(retellId(kind))
  for (const kind of calcomKinds.filter((kind) => kind.startsWith('BOOKING')))
    expect(calcomId(kind, { payload: { title: 'x' } })).toBe(calcomId(kind))
  for (const kind of ['MEETING_STARTED', 'MEETING_ENDED']) expect(calcomId(kind, { title: 'x' })).toBe(calcomId(kind))
  for (const kind of stripeKinds) expect(stripeId(kind, { pending_webhooks: 2 })).toBe(stripeId(kind))
  for (const kind of ['text', 'sent']) expect(whatsappId(kind, { extra: 'x' })).toBe(whatsappId(kind))
})

test('each kind has ids of its own', () => {
  const ids = [...retellKinds.map((kind) => retellId(kind)), ...calcomKinds.map((kind) => calcomId(kind))]
  expect(new Set(ids).size).toBe(retellKinds.length + calcomKinds.length)
})

test('each connection has ids of its own, so that no company can claim another’s', () => {
  const scopes = [{}, { connectionId: 'con_1' }, { connectionId: 'con_2' }]
  for (const kind of retellKinds) expect(new Set(scopes.map((scope) => retellId(kind, {}, scope))).size).toBe(3)
  for (const kind of stripeKinds) expect(new Set(scopes.map((scope) => stripeId(kind, {}, scope))).size).toBe(3)
  for (const kind of whatsappKinds) expect(new Set(scopes.map((scope) => whatsappId(kind, {}, scope))).size).toBe(3)
  expect(new Set(scopes.map((scope) => standardId('msg_1', {}, { connectionId: undefined, ...scope }))).size).toBe(3)
  for (const kind of calcomKinds) expect(new Set(scopes.slice(1).map((scope) => calcomId(kind, {}, scope))).size).toBe(2)
})

test('each call, booking and change of a booking has ids of its own', () => {
  expect(retellId('call_ended', { call: { call_id: 'another' } })).not.toBe(retellId('call_ended'))
  expect(calcomId('BOOKING_CREATED', { payload: { uid: 'another' } })).not.toBe(calcomId('BOOKING_CREATED'))
  expect(calcomId('BOOKING_CANCELLED', { createdAt: '2026-11-20T11:00:00.001Z' })).not.toBe(calcomId('BOOKING_CANCELLED'))
  expect(calcomId('MEETING_ENDED', { endTime: '2026-11-24T10:00:00Z' })).not.toBe(calcomId('MEETING_ENDED'))
})

test('transfers of one call to two numbers are two events, and so are two transcripts', () => {
  const to = (number: string) => retellId('transfer_started', { transfer_destination: { number } })
  expect(to('+493012340002')).not.toBe(to('+493012340003'))
  expect(retellId('transcript_updated', { call: { transcript: 'a' } })).not.toBe(
    retellId('transcript_updated', { call: { transcript: 'ab' } }),
  )
})

test('where the provider gives no usable key, equal bytes are the same event and others are not', () => {
  for (const call_id of ['', 'a b', 'x'.repeat(129), 7, null]) {
    const body = (extra: number) => retellWebhook('call_ended', { call: { call_id }, extra }).body
    const id = (extra: number) => onlyEvent(providers.retell, body(extra)).id
    expect(id(1)).toBe(id(1))
    expect(id(1)).not.toBe(id(2))
  }
  expect(retellId('transfer_started', { transfer_destination: undefined, n: 1 })).not.toBe(
    retellId('transfer_started', { transfer_destination: undefined, n: 2 }),
  )
})
