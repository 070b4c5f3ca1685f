import { decodePayload, encodePayload, isEventType } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, delivery, onlyEvent, payloadOf, sourceOf, violationsOf } from '../test/support.ts'
import { providers } from './index.ts'
import type { NormalizedEvent, Provider } from './provider.ts'
import {
  calcomWebhook,
  type JsonObject,
  type JsonValue,
  retellWebhook,
  standardWebhook,
  stripeWebhook,
  whatsappBatch,
  whatsappWebhook,
} from './testing.ts'

const { retell, calcom, stripe, whatsapp, standard } = providers
const all = Object.values(providers)
/** Cal.com sends once, so that of it even what is no JSON is kept. */
const sendingAgain = all.filter((provider) => provider !== calcom)
const samples: [Provider, JsonObject][] = [
  ...['call_started', 'call_ended', 'call_analyzed', 'transfer_started', 'chat_ended'].map((event): [Provider, JsonObject] => [
    retell,
    retellWebhook(event).json,
  ]),
  ...[
    'BOOKING_CREATED',
    'BOOKING_RESCHEDULED',
    'BOOKING_CANCELLED',
    'BOOKING_REQUESTED',
    'BOOKING_REJECTED',
    'BOOKING_NO_SHOW_UPDATED',
    'BOOKING_LOCATION_UPDATED',
    'MEETING_ENDED',
    'FORM_SUBMITTED',
    'PING',
  ].map((trigger): [Provider, JsonObject] => [calcom, calcomWebhook(trigger).json]),
  ...[
    'customer.subscription.updated',
    'invoice.paid',
    'charge.succeeded',
    'invoice_payment.paid',
    'refund.failed',
    'charge.dispute.created',
    'checkout.session.completed',
    'v1.invoice.paid',
    'v1.billing.meter.no_meter_found',
  ].map((type): [Provider, JsonObject] => [stripe, stripeWebhook(type).json]),
  ...[
    'text',
    'document',
    'location',
    'contacts',
    'interactive',
    'reaction',
    'order',
    'unsupported',
    'system',
    'failed',
    'message_template_status_update',
    'account_update',
    'user_id_update',
  ].map((kind): [Provider, JsonObject] => [whatsapp, whatsappWebhook(kind).json]),
  [standard, standardWebhook('contact.created').json],
  [whatsapp, whatsappBatch([whatsappWebhook('image'), whatsappWebhook('read')]).json],
]

/** Whatever the body, there are events that our own stream can carry: one, or of WhatsApp at least one, each with its own id. */
function expectSoundEvents(provider: Provider, body: Buffer | string): void {
  const events = provider.normalize(Buffer.from(body), delivery)
  if (provider === whatsapp) expect(events.length).toBeGreaterThanOrEqual(1)
  else expect(events).toHaveLength(1)
  for (const event of events) expectSound(event)
}

function expectSound(event: NormalizedEvent): void {
  expect(event.id).toMatch(/^[0-9a-f]{64}$/)
  expect(event.entityId).toMatch(/^[\x21-\x7e]{1,255}$/)
  expect(event.occurredAt.getTime()).toBeGreaterThanOrEqual(0)
  expect(event.body.length).toBeLessThanOrEqual(256 * 1024)
  const text = Buffer.from(event.body).toString()
  expect(text).not.toMatch(/\\u(?:0000|d[89a-f])/)
  expect(isEventType(event.type)).toBe(true)
  // Read and written again by the catalogue's codec it is the same: no field of another name or type, no value of no enum.
  expect(JSON.parse(Buffer.from(encodePayload(event.type, decodePayload(event.type, event.body) as never)).toString())).toEqual(
    JSON.parse(text),
  )
  expect(text).not.toMatch(/UNRECOGNIZED|"(?:NaN|-?Infinity)"/)
}

function withValueAt(json: JsonObject, path: readonly string[], value: JsonValue): string {
  const copy = structuredClone(json)
  let parent: JsonValue = copy
  for (const key of path.slice(0, -1)) parent = (parent as JsonObject)[key] as JsonValue
  ;(parent as JsonObject)[path.at(-1) ?? ''] = value
  return JSON.stringify(copy)
}

function pathsOf(value: JsonValue, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [[...path, key], ...pathsOf(member, [...path, key])])
}

test.each(['', ' ', '{', 'false false', "{'a':1}", '{"a":1,}', 'NaN', 'a=1&b=2', '\uFEFF{}', '<xml/>', '{"a":"\n"}'])(
  'the body %j is malformed_json',
  (body) => {
    for (const provider of sendingAgain) expect(codeOf(() => provider.normalize(Buffer.from(body), delivery))).toBe('malformed_json')
    expect(violationsOf(onlyEvent(calcom, body))).toEqual(['(body): expected JSON in UTF-8'])
  },
)

test('bytes that are not UTF-8 are malformed_json', () => {
  for (const provider of sendingAgain) {
    expect(codeOf(() => provider.normalize(Buffer.from([0x22, 0xff, 0xfe, 0x22]), delivery))).toBe('malformed_json')
    // A lone surrogate in bytes, which a lenient decoder would replace.
    expect(codeOf(() => provider.normalize(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), delivery))).toBe('malformed_json')
  }
})

test('any value of any type at any path gives sound events', () => {
  const hostile: JsonValue[] = [
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    8.64e15,
    253_402_300_800_000,
    Number.MAX_SAFE_INTEGER,
    '',
    '\0',
    '\ud800',
    'a\udc00b\0',
    '__proto__',
    'constructor',
    '\r\nNats-Msg-Id: 1',
    'x'.repeat(300_000),
    '+99999-12-31T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59-23:59',
    '+4930123456789012345678901234567890',
    [],
    {},
    [[]],
    { toString: 1, valueOf: null, length: 1e9 },
  ]
  for (const [provider, json] of samples) {
    for (const path of pathsOf(json)) for (const value of hostile) expectSoundEvents(provider, withValueAt(json, path, value))
  }
}, 60_000)

test('any JSON at all gives sound events', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(...all), (body, provider) => expectSoundEvents(provider, body)),
    { numRuns: 2_000 },
  )
})

test('any JSON in any place of a webhook gives sound events', () => {
  const places = samples.flatMap(([provider, json]) => pathsOf(json).map((path) => ({ provider, json, path })))
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), ({ provider, json, path }, value) => {
      expectSoundEvents(provider, withValueAt(json, path, value as JsonValue))
    }),
    { numRuns: 6_000 },
  )
}, 60_000)

test('a webhook that was damaged on its way gives sound events or malformed_json', () => {
  const bodies = samples.map(([provider, json]) => ({ provider, bytes: Buffer.from(JSON.stringify(json)) }))
  fc.assert(
    fc.property(
      fc.constantFrom(...bodies),
      fc.nat(),
      fc.nat({ max: 20 }),
      fc.string({ maxLength: 20 }),
      ({ provider, bytes }, n, removed, added) => {
        const at = n % bytes.length
        const damaged = Buffer.concat([bytes.subarray(0, at), Buffer.from(added), bytes.subarray(at + removed)])
        try {
          expectSoundEvents(provider, damaged)
        } catch (error) {
          if (!isFrontdeskError(error, 'malformed_json')) throw error
        }
      },
    ),
    { numRuns: 5_000 },
  )
})

test('any bytes give events or malformed_json, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...all), (bytes, provider) => {
      try {
        expectSoundEvents(provider, Buffer.from(bytes))
      } catch (error) {
        if (!isFrontdeskError(error, 'malformed_json')) throw error
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a timestamp that no date can hold does not fit', () => {
  for (const number of ['1e999', '-1', '8640000000000001', '253402300800000', '1.5']) {
    const event = onlyEvent(retell, `{"event":"call_started","call":{"call_id":"c","start_timestamp":${number}}}`)
    expect(violationsOf(event)).toHaveLength(1)
    expect(sourceOf(event).entityStartedAt).toBeUndefined()
  }
})

test('nesting half a million deep is kept or does not fit, wherever it stands', () => {
  const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`
  expectSoundEvents(retell, deep)
  expectSoundEvents(retell, `{"event":"call_started","call":{"call_id":"c","metadata":${deep},"agent_id":${deep}}}`)
  expectSoundEvents(retell, `{"event":"transfer_started","call":{"call_id":"c","start_timestamp":1},"transfer_destination":${deep}}`)
  expectSoundEvents(calcom, `{"triggerEvent":"BOOKING_CREATED","payload":{"attendees":${deep}}}`)
  expectSoundEvents(stripe, `{"id":"evt_1","object":"event","type":"invoice.paid","account":${deep},"data":{"object":${deep}}}`)
  expectSoundEvents(whatsapp, `{"object":"whatsapp_business_account","entry":${deep}}`)
  for (const value of [`{"messages":${deep}}`, `{"messages":[{"id":${deep}}],"contacts":${deep}}`, deep]) {
    expectSoundEvents(
      whatsapp,
      `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":${value}}]}]}`,
    )
  }
  const analyzed = `{"event":"call_analyzed","call":{"call_id":"c","call_analysis":{"custom_analysis_data":{"a":${deep}}}}}`
  expect(violationsOf(onlyEvent(retell, analyzed))).toEqual([
    'call.call_analysis.custom_analysis_data: expected object nested up to 16 deep, received object',
  ])
})

test('prototype keys reach no prototype', () => {
  const evil =
    '{"__proto__":{"polluted":true,"event":"call_ended","triggerEvent":"PING","type":"invoice.paid","entry":[]},"constructor":{"prototype":{"polluted":true}}}'
  for (const provider of all) expect(violationsOf(onlyEvent(provider, evil)).length).toBeGreaterThanOrEqual(1)
  const analyzed = `{"event":"call_analyzed","call":{"call_id":"c","call_analysis":{"custom_analysis_data":{"__proto__":{"appointment_requested":true},"deep":${evil},"constructor":1}}}}`
  const payload = payloadOf('frontdesk.call.analyzed.v1', onlyEvent(retell, analyzed))
  expect(payload.appointmentRequest).toBeUndefined()
  expect(payload.customAnalysisData).toEqual({ deep: { constructor: { prototype: { polluted: true } } }, constructor: 1 })
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'an event by the name of %s is an unmodelled one or has no name',
  (name) => {
    expectSoundEvents(retell, JSON.stringify({ event: name, call: { call_id: 'c' } }))
    expectSoundEvents(calcom, JSON.stringify({ triggerEvent: name, payload: { uid: 'u' } }))
    expectSoundEvents(stripe, JSON.stringify({ type: name, id: name, object: 'event', data: { object: { object: name, id: name } } }))
    expectSoundEvents(whatsapp, whatsappWebhook(name).body)
    expectSoundEvents(whatsapp, whatsappWebhook('text', { type: name, [name]: { caption: 'x' } }).body)
    expectSoundEvents(whatsapp, whatsappWebhook('sent', { status: name }).body)
    expect(onlyEvent(retell, JSON.stringify({ event: name })).type).toBe('frontdesk.provider_event.received.v1')
  },
)

test('texts lose what no store takes and keep the rest', () => {
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { title: 'a\0b\ud800c é 💈', attendees: [{ name: '\udc00' }] } })
  expect(payloadOf('frontdesk.calendar_booking.created.v1', onlyEvent(calcom, body)).booking).toMatchObject({
    title: 'ab\ufffdc é 💈',
    attendees: [{ name: '\ufffd' }],
  })
})

test('ten thousand attendees do not fit, and are counted rather than read', () => {
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { attendees: Array.from({ length: 10_000 }, () => 7) } })
  expect(violationsOf(onlyEvent(calcom, body))).toEqual(['payload.attendees: expected at most 500 items, received array'])
})

test('of many violations the first twenty are named and the rest counted', () => {
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { attendees: Array.from({ length: 500 }, () => 7) } })
  const violations = violationsOf(onlyEvent(calcom, body))
  expect(violations).toHaveLength(21)
  expect(violations.at(-1)).toBe('(body): 480 more')
})

test('an event that the bus could not carry is kept as one that does not fit', () => {
  const attendees = Array.from({ length: 500 }, () => ({ name: '\u0001'.repeat(255) }))
  const event = onlyEvent(calcom, calcomWebhook('BOOKING_CREATED', { payload: { attendees } }).body)
  expect(violationsOf(event)).toEqual(['(body): expected at most 262144 bytes when normalized'])
  const data = { text: 'x'.repeat(300_000) }
  const analyzed = retellWebhook('call_analyzed', { call: { call_analysis: { custom_analysis_data: data } } }).body
  expect(violationsOf(onlyEvent(retell, analyzed))).toEqual(['(body): expected at most 262144 bytes when normalized'])
  // 64,000 bytes of a text whose every byte takes six in JSON.
  const long = whatsappWebhook('text', { text: { body: '\u0001'.repeat(64_000) } }).body
  expect(violationsOf(onlyEvent(whatsapp, long))).toEqual([
    'entry.0.changes.0.value.messages.0: expected at most 262144 bytes when normalized',
  ])
})
