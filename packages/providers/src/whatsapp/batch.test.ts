import { expect, test } from 'vitest'
import { delivery, evidenceOf, sourceOf, violationsOf } from '../../test/support.ts'
import type { NormalizedEvent } from '../provider.ts'
import { type Overrides, type SampleWebhook, whatsappBatch, whatsappWebhook } from '../testing.ts'
import { whatsapp } from './index.ts'
import { eventsMax } from './normalize.ts'

const normalize = (body: Buffer | string): NormalizedEvent[] => whatsapp.normalize(Buffer.from(body), delivery)
const idsOf = (...webhooks: SampleWebhook[]) => normalize(whatsappBatch(webhooks).body).map(({ id }) => id)
const template = (overrides: Overrides = {}) => whatsappWebhook('message_template_status_update', overrides)

const first = { wabaId: '1001', phoneNumberId: '2001' }
const second = { wabaId: '1002', phoneNumberId: '2002' }

/** One change of one number with several messages and statuses, as Meta packs them. */
function packed(messages: readonly object[], statuses: readonly object[] = []): string {
  const value = { metadata: { phone_number_id: '2001' }, messages, statuses }
  return JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1001', changes: [{ field: 'messages', value }] }] })
}

const text = (id: string) => ({ id, from: '16505551234', timestamp: '1795165200', type: 'text', text: { body: id } })
const sent = (id: string, status = 'sent') => ({ id, status, timestamp: '1795165200', recipient_id: '16505551234' })

test('every message, status and other change of every entry is an event of its own, in their order', () => {
  const batch = whatsappBatch([
    whatsappWebhook('text', { id: 'wamid.a' }, first),
    template(),
    whatsappWebhook('read', { id: 'wamid.b' }, second),
    whatsappWebhook('account_update', { event: 'VERIFIED' }),
  ])
  expect(normalize(batch.body).map(({ type, entityId }) => [type, entityId])).toEqual([
    ['frontdesk.message.received.v1', 'wamid.a'],
    ['frontdesk.template.status_changed.v1', '1689556908129832'],
    ['frontdesk.message.status_changed.v1', 'wamid.b'],
    ['frontdesk.messaging_account.updated.v1', delivery.deliveryId],
  ])
  expect(normalize(packed([text('a'), text('b')], [sent('c'), sent('c', 'read')])).map(({ entityId }) => entityId)).toEqual([
    'a',
    'b',
    'c',
    'c',
  ])
})

test('known bug 8: two phone_number_ids in one request resolve each by its own', () => {
  const { body } = whatsappBatch([whatsappWebhook('text', {}, first), whatsappWebhook('sent', {}, second)])
  expect(normalize(body).map(evidenceOf)).toEqual([
    ['whatsapp_phone_number 2001', 'whatsapp_account 1001'],
    ['whatsapp_phone_number 2002', 'whatsapp_account 1002'],
  ])
})

test('two numbers in one entry resolve each by its own', () => {
  const change = (phone_number_id: string) => ({
    field: 'messages',
    value: { metadata: { phone_number_id }, messages: [text(phone_number_id)] },
  })
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes: [change('11'), change('12')] }] })
  expect(normalize(body).map(evidenceOf)).toEqual([
    ['whatsapp_phone_number 11', 'whatsapp_account 1'],
    ['whatsapp_phone_number 12', 'whatsapp_account 1'],
  ])
})

test('what does not fit is kept by itself and spoils none of its neighbours', () => {
  const spoiled = normalize(packed([text('a'), { ...text('b'), timestamp: 7 }, null as never, text('c')], [sent('d'), { id: 'e' }]))
  expect(spoiled.map(({ type, entityId }) => [type, entityId])).toEqual([
    ['frontdesk.message.received.v1', 'a'],
    ['frontdesk.provider_event.received.v1', 'b'],
    ['frontdesk.provider_event.received.v1', delivery.deliveryId],
    ['frontdesk.message.received.v1', 'c'],
    ['frontdesk.message.status_changed.v1', 'd'],
    ['frontdesk.provider_event.received.v1', 'e'],
  ])
  expect(spoiled.slice(1, 3).map(violationsOf)).toEqual([
    ['entry.0.changes.0.value.messages.1.timestamp: expected string, received number'],
    ['entry.0.changes.0.value.messages.2: expected object, received null'],
  ])
  for (const event of spoiled) expect(evidenceOf(event)).toEqual(['whatsapp_phone_number 2001', 'whatsapp_account 1001'])
})

test('an entry, a change or a list that can’t be walked is kept beside the others', () => {
  const good = { field: 'messages', value: { metadata: { phone_number_id: '2001' }, messages: [text('a')], statuses: 'none' } }
  const entry = [7, { id: '1001', changes: [null, good] }, { id: '1002', changes: 'x' }]
  const events = normalize(JSON.stringify({ object: 'whatsapp_business_account', entry }))
  expect(events.map(({ type }) => type.split('.')[1])).toEqual([
    'provider_event',
    'provider_event',
    'message',
    'provider_event',
    'provider_event',
  ])
  expect(events.filter(({ type }) => type.includes('provider_event')).flatMap(violationsOf)).toEqual([
    'entry.0: expected object, received number',
    'entry.1.changes.0: expected object, received null',
    'entry.1.changes.1.value.statuses: expected array, received string',
    'entry.2.changes: expected array, received string',
  ])
  expect(evidenceOf(events.at(-1) as NormalizedEvent)).toEqual(['whatsapp_account 1002'])
})

test('a message has the id that it had before, whatever it is batched with and however the rest changes', () => {
  const [alone] = idsOf(whatsappWebhook('text'))
  expect(idsOf(whatsappWebhook('read'), whatsappWebhook('text', { text: { body: 'edited' } }))[1]).toBe(alone)
  expect(idsOf(whatsappWebhook('text', { timestamp: 7 }))).toEqual([alone])
})

test('each status of a message has an id of its own, and none is taken for the message', () => {
  const ids = idsOf(
    ...['sent', 'delivered', 'read', 'failed', 'played'].map((kind) => whatsappWebhook(kind, { id: 'wamid.a' })),
    whatsappWebhook('text', { id: 'wamid.a' }),
  )
  expect(new Set(ids).size).toBe(6)
})

test('another change has its id again in a redelivery, in another batch, and with its members in another order', () => {
  const [alone] = idsOf(template())
  expect(idsOf(template())).toEqual([alone])
  expect(idsOf(whatsappWebhook('text'), template())[1]).toBe(alone)
  const reordered = template()
    .body.toString()
    .replace('"event":"APPROVED",', '')
    .replace('"message_template_category"', '"event":"APPROVED","message_template_category"')
  expect(normalize(reordered).map(({ id }) => id)).toEqual([alone])
})

test('two different changes never share an id: another content, account, time, field, or the same twice in one request', () => {
  const later = template().body.toString().replace('"time":1795165200', '"time":1795165201')
  const ids = [
    ...idsOf(template(), template({ event: 'PAUSED' }), whatsappWebhook('message_template_status_update', {}, first), template()),
    ...idsOf(whatsappWebhook('account_update', { event: 'X' }), whatsappWebhook('account_alerts', { event: 'X' })),
    ...normalize(later).map(({ id }) => id),
  ]
  expect(new Set(ids).size).toBe(7)
})

test('two messages without a usable id are two events, and a redelivery is neither’s third', () => {
  const body = packed([
    { ...text('a'), id: 7 },
    { ...text('b'), id: 7 },
    { ...text('b'), id: 7 },
  ])
  const ids = normalize(body).map(({ id }) => id)
  expect(new Set(ids).size).toBe(3)
  expect(normalize(body).map(({ id }) => id)).toEqual(ids)
})

test('numbers that JSON rounds, and contents too deep to write out, are told apart by the request’s bytes', () => {
  const withId = (id: string) => template().body.toString().replace('"message_template_id":1689556908129832', `"message_template_id":${id}`)
  const ids = ['12345678901234567890', '12345678901234567891', '0.1', '0.10000000000000000001'].flatMap((id) =>
    normalize(withId(id)).map((event) => event.id),
  )
  const deep = (end: string) => withId(`${'['.repeat(500)}${end}${']'.repeat(500)}`)
  ids.push(...['1', '2'].flatMap((end) => normalize(deep(end)).map((event) => event.id)))
  expect(new Set(ids).size).toBe(6)
  expect(normalize(withId('12345678901234567890'))[0]?.id).toBe(ids[0])
})

test('as many as fit are normalized, and one more keeps the request whole for a person', () => {
  const messages = Array.from({ length: eventsMax }, (_, index) => text(`wamid.${index}`))
  expect(new Set(normalize(packed(messages)).map(({ id }) => id)).size).toBe(eventsMax)
  const [whole, ...others] = normalize(packed(messages, [sent('wamid.one-more')]))
  expect(others).toEqual([])
  expect(whole && violationsOf(whole)).toEqual([`(body): expected at most ${eventsMax} messages, statuses and other changes`])
  expect(whole && sourceOf(whole).evidence).toEqual([])
})

test('the largest request is read in well under the time that Meta waits', () => {
  const contacts = Array.from({ length: 15_000 }, (_, index) => ({ profile: { name: 'N' }, wa_id: String(16_505_000_000 + index) }))
  const messages = Array.from({ length: eventsMax }, (_, index) => ({ ...text(`wamid.${index}`), from: String(16_505_000_000 + index) }))
  const value = { metadata: { phone_number_id: '2001' }, contacts, messages }
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value }] }] })
  const begun = performance.now()
  expect(normalize(body)).toHaveLength(eventsMax)
  expect(performance.now() - begun).toBeLessThan(2_000)
})
