import { encodeEnvelope, natsMessageId } from '@frontdesk/bus'
import { catalogue, companySubject, deriveEventId, vouchForCompanyId } from '@frontdesk/contracts'
import type { EventType, PayloadCodec } from '@frontdesk/contracts'
import { providers } from '@frontdesk/providers'
import { calcomWebhook, retellWebhook, stripeWebhook, whatsappWebhook } from '@frontdesk/providers/testing'
import type { SampleWebhook } from '@frontdesk/providers/testing'
import { expect, test } from 'vitest'
import { readPayloadSchemas } from './payload-schemas.ts'
import type { Schema } from './payload-schemas.ts'

const { payloadViolations, headerViolations, schemaOf, schemas } = await readPayloadSchemas()
const types = Object.keys(catalogue) as EventType[]

/** A value of the schema that is no default in any field, so that proto3 JSON leaves nothing out. */
function filled(schema: Schema): unknown {
  const { $ref, allOf, oneOf, type, format, items, properties } = schema
  if ($ref !== undefined) return filled(schemas[$ref.slice('#/components/schemas/'.length)] ?? {})
  if (allOf?.[0]) return filled(allOf[0])
  if (oneOf?.[0]) return filled(oneOf[0])
  if (schema.enum) return schema.enum.at(-1)
  if (type === 'array') return [filled(items ?? {})]
  if (type === 'object' && !properties) return { any: ['thing', 1, null] }
  if (type === 'object') return Object.fromEntries(Object.entries(properties ?? {}).map(([name, property]) => [name, filled(property)]))
  if (format === 'date-time') return '2026-11-22T10:00:00.000Z'
  if (format === 'int64' || format === 'uint64') return '9007199254740993'
  return { string: 'text', integer: 7, number: 0.5, boolean: true }[type ?? ''] ?? { any: 'value' }
}

test.for(types)('%s: a payload with every field fits, and our own codec reads and writes all of it alike', (type) => {
  const payload = filled(schemaOf(type))
  expect(payloadViolations(type, payload)).toEqual([])
  const codec = catalogue[type].payload as PayloadCodec<unknown>
  expect(codec.toJSON(codec.fromJSON(payload))).toEqual(payload)
})

const retellSamples = ['call_started', 'call_ended', 'call_analyzed', 'transfer_started', 'chat_ended'].map((event) => retellWebhook(event))
const calcomSamples = ['BOOKING_CREATED', 'BOOKING_RESCHEDULED', 'BOOKING_CANCELLED', 'MEETING_ENDED', 'PING'].map((event) =>
  calcomWebhook(event),
)
const stripeSamples = ['customer.subscription.updated', 'invoice.paid', 'v1.billing.meter.error_report_triggered'].map((event) =>
  stripeWebhook(event),
)
const whatsappSamples = ['text', 'image', 'sent', 'delivered', 'read', 'failed'].map((kind) => whatsappWebhook(kind))
// Drifted: what does not fit its schema is an event, too.
const drifted = [retellWebhook('call_ended', { call: { start_timestamp: 'yesterday' } })]

test.for([
  ['retell', [...retellSamples, ...drifted]],
  ['calcom', calcomSamples],
  ['stripe', stripeSamples],
  ['whatsapp', whatsappSamples],
] as const satisfies [keyof typeof providers, SampleWebhook[]][])('whatever comes of %s’s webhooks fits its schema', ([name, samples]) => {
  const delivery = {
    deliveryId: 'dlv_01h455vb4pex5vsknk084sn02q',
    connectionId: undefined,
    headers: {},
    receivedAt: new Date('2026-11-22T10:00:00Z'),
  }
  const events = samples.flatMap(({ body }) => providers[name].normalize(body, delivery))
  expect(events.length).toBeGreaterThanOrEqual(samples.length)
  for (const { type, body } of events) {
    expect(payloadViolations(type, JSON.parse(Buffer.from(body).toString())), type).toEqual([])
  }
})

test('a wrong payload does not fit: the enum by number, the long number as a number, an unknown field', () => {
  expect(payloadViolations('frontdesk.usage.recorded.v1', { kind: 1 })).not.toEqual([])
  expect(payloadViolations('frontdesk.usage.recorded.v1', { quantity: 3 })).not.toEqual([])
  expect(payloadViolations('frontdesk.usage.recorded.v1', { usedAt: 'yesterday' })).not.toEqual([])
  expect(payloadViolations('frontdesk.usage.recorded.v1', { usage_id: 'x' })).not.toEqual([])
  expect(payloadViolations('frontdesk.usage.recorded.v1', { quantity: '3' })).toEqual([])
})

test('the headers that the bus writes fit, the fullest and the barest', () => {
  const companyId = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02q')
  const bare = {
    id: deriveEventId(['test']),
    revision: 1,
    type: 'frontdesk.call.ended.v1',
    source: 'frontdesk/test',
    subject: 'call_1',
    time: new Date('2026-11-22T10:00:00.000Z'),
    correlationId: 'cor_1',
  } as const
  const trace = { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, tracestate: 'a=b' }
  const full = { ...bare, revision: 2, companyId, confidence: 0.98, causationId: bare.id, trace }
  for (const envelope of [bare, full]) {
    const headers = Object.fromEntries([...encodeEnvelope(envelope)].map(([name, [value = '']]) => [name, value]))
    const withId = { ...headers, 'Nats-Msg-Id': natsMessageId(envelope, companySubject(companyId, envelope.type)) }
    expect(headerViolations(withId)).toEqual([])
    expect(headerViolations({ ...withId, 'ce-id': 'x' })).not.toEqual([])
  }
})
