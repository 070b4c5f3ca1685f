import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { codeOf, evidenceOf, onlyEvent, payloadOf, sourceOf, violationsOf } from '../../test/support.ts'
import type { Delivery } from '../provider.ts'
import { type Overrides, standardWebhook } from '../testing.ts'
import { standard } from './index.ts'

const scope: Partial<Delivery> = { connectionId: 'con_1', headers: { 'webhook-id': 'msg_1' } }
const received = (body: Buffer | string, overrides: Partial<Delivery> = {}) => onlyEvent(standard, body, { ...scope, ...overrides })
const event = (type: string, overrides?: Overrides, delivery?: Partial<Delivery>) =>
  received(standardWebhook(type, overrides).body, delivery)

test('an event of a company’s own system is passed on with its data, evidence of the connection alone', () => {
  const created = event('contact.created', { data: { company_id: 'cmp_typed', organizer: { email: 'typed@example.com' } } })
  expect(created).toMatchObject({ entityId: 'contact_01jd3w2k7x', occurredAt: new Date('2026-11-20T09:00:00.000Z') })
  expect(payloadOf('frontdesk.provider_event.received.v1', created)).toMatchObject({
    schemaViolations: [],
    data: { id: 'contact_01jd3w2k7x', name: 'Gustav Gast', total: 4_900, tags: ['new'] },
  })
  expect(sourceOf(created)).toMatchObject({
    provider: 'standard',
    connectionId: 'con_1',
    providerEventType: 'contact.created',
    entityType: 'contact',
    entityId: 'contact_01jd3w2k7x',
  })
  expect(evidenceOf(created)).toEqual(['connection con_1'])
})

test('the id is that of the webhook-id header, scoped to the connection: what one company signs is never another’s event', () => {
  expect(event('contact.created').id).toBe(deriveEventId(['standard', 'con_1', 'contact.created', 'msg_1']))
  expect(event('contact.created', { data: { name: 'x' } }).id).toBe(event('contact.created').id)
  const others = [{ connectionId: 'con_2' }, { headers: { 'webhook-id': 'msg_2' } }, { headers: {} }]
  expect(new Set([{}, ...others].map((delivery) => event('contact.created', {}, delivery).id)).size).toBe(4)
})

test('without data, an id in it, or a time it is an event all the same', () => {
  const bare = event('ping', { data: undefined, timestamp: 'yesterday' })
  expect(payloadOf('frontdesk.provider_event.received.v1', bare)).toMatchObject({ schemaViolations: [], data: undefined })
  expect(sourceOf(bare)).toMatchObject({ entityType: '', entityId: '', occurredAt: undefined })
  expect(sourceOf(event('ping', { data: { id: 7 } }))).toMatchObject({ entityType: '', entityId: '' })
})

test.each([
  ['{}', ['type: expected string, received nothing']],
  ['false', ['(body): expected object, received boolean']],
  ['{"type":"a b"}', ['type: expected a name of up to 128 letters, digits, or _ . : / -, received string']],
  ['{"type":"a","data":[1]}', ['data: expected object nested up to 16 deep, received array']],
])('the verified body %s is kept with what does not fit', (body, violations) => {
  expect(violationsOf(received(body))).toEqual(violations)
  expect(evidenceOf(received(body))).toEqual(['connection con_1'])
})

test('data that the bus could not carry does not fit', () => {
  expect(violationsOf(event('contact.created', { data: { text: 'x'.repeat(300_000) } }))).toEqual([
    '(body): expected at most 262144 bytes when normalized',
  ])
})

test('what is not JSON is to be mended and sent again', () => {
  expect(codeOf(() => received('a=1&b=2'))).toBe('malformed_json')
})
