import { catalogue, deriveEventId, isCompanyId, newId, vouchForCompanyId } from '@frontdesk/contracts'
import type { EventId, EventType } from '@frontdesk/contracts'
import { headers as newHeaders } from '@nats-io/nats-core'
import type { MsgHdrs } from '@nats-io/nats-core'
// The bytes of a header block as they go over the wire, and back.
import { MsgHdrsImpl } from '@nats-io/nats-core/internal'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeEnvelope, encodeEnvelope, natsMessageId, UnknownTypeError } from './envelope.ts'
import type { EventEnvelope } from './messages.ts'

const overTheWire = (headers: MsgHdrs) => MsgHdrsImpl.decode((headers as MsgHdrsImpl).encode())

const envelope: EventEnvelope = {
  id: deriveEventId(['a']),
  revision: 1,
  type: 'frontdesk.call.ended.v1',
  source: 'frontdesk/webhook-ingress',
  subject: 'call_1',
  time: new Date('2026-11-22T10:00:00.123Z'),
  companyId: vouchForCompanyId(newId('cmp')),
  confidence: 0.98,
  correlationId: 'cor_1',
  causationId: 'evt_0',
  trace: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' },
}

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  // oxlint-disable-next-line no-control-regex -- these are refused, and have a test of their own
  .filter((string) => string.length <= 255 && string.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f]/.test(string))
const time = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
const hex = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(''))
    .filter((digits) => !/^0*$/.test(digits))
const trace = fc.record(
  { traceparent: fc.tuple(hex(32), hex(16)).map(([traceId, spanId]) => `00-${traceId}-${spanId}-01`), tracestate: fc.constant('a=1,b=2') },
  { requiredKeys: ['traceparent'] },
)
const envelopes: fc.Arbitrary<EventEnvelope> = fc.record(
  {
    id: hex(64).map((id) => id as EventId),
    revision: fc.integer({ min: 1, max: 999_999_999 }),
    type: fc.constantFrom(...(Object.keys(catalogue) as EventType[])),
    source: text,
    subject: text,
    time,
    companyId: fc.constant(0).map(() => vouchForCompanyId(newId('cmp'))),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
    correlationId: text,
    causationId: text,
    trace,
  },
  { requiredKeys: ['id', 'revision', 'type', 'source', 'subject', 'time', 'correlationId'] },
)

test('every envelope comes back from the wire as it was', () => {
  fc.assert(
    fc.property(envelopes, (original) => {
      expect(decodeEnvelope(overTheWire(encodeEnvelope(original)))).toEqual(original)
    }),
    { numRuns: 2_000 },
  )
})

test('the headers are those of CloudEvents 1.0 in binary mode', () => {
  expect(Object.fromEntries([...encodeEnvelope({ ...envelope, subject: 'Anna "Ä" 50%', revision: 3 })].map(([k, v]) => [k, v[0]]))).toEqual(
    {
      'ce-specversion': '1.0',
      'ce-id': `${envelope.id}.3`,
      'ce-revision': '3',
      'ce-type': 'frontdesk.call.ended.v1',
      'ce-source': 'frontdesk/webhook-ingress',
      'ce-subject': 'Anna%20%22%C3%84%22%2050%25',
      'ce-time': '2026-11-22T10:00:00.123Z',
      'ce-datacontenttype': 'application/json',
      'ce-correlationid': 'cor_1',
      'ce-causationid': 'evt_0',
      'ce-companyid': envelope.companyId,
      'ce-confidence': '0.98',
      ...envelope.trace,
    },
  )
})

test.each([
  ['ce-specversion', ['', '0.3', '1.0 ', '1']],
  ['ce-datacontenttype', ['', 'text/plain', 'application/JSON']],
  [
    'ce-id',
    ['', 'x', 'A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `${envelope.id}.1`, `${envelope.id}.2`, `${envelope.id}.`, ` ${envelope.id}`],
  ],
  ['ce-revision', ['', '0', '-1', '1.0', '01', '1e3', '2', '9'.repeat(30), 'NaN', ' 1']],
  ['ce-type', ['', 'frontdesk.call.ended.v2', 'toString', '__proto__', 'frontdesk.call.ended.v1 ']],
  ['ce-source', ['', 'a b', '%', '%zz', '%C3', '%00', '%0A', '%C2%85', '%ED%A0%80', 'ä', 'a'.repeat(256)]],
  ['ce-subject', ['', 'a b', '%0d%0a', 'a'.repeat(100_000)]],
  [
    'ce-time',
    [
      '',
      'now',
      '0',
      '2026-11-22',
      '2026-02-30T00:00:00.000Z',
      '2026-11-22T10:00:00Z',
      '2026-11-22T10:00:00.000+01:00',
      '2026-11-22T25:00:00.000Z',
    ],
  ],
  [
    'ce-companyid',
    ['', 'cmp_', "cmp_1' OR 1=1", `${envelope.companyId}x`, `${envelope.companyId}`.toUpperCase(), 'usr_01h455vb4pex5vsknk084sn02q'],
  ],
  ['ce-confidence', ['', '-0.1', '1.1', 'NaN', 'Infinity', '0x1', '1e0', '2e5', ' 0.5', '0,5', '.5', '9e99']],
  ['ce-correlationid', ['', ' ', '%7F']],
  ['ce-causationid', ['', '%1F']],
])('a hostile %s is refused by its name', (name, values) => {
  for (const value of values) {
    const headers = encodeEnvelope(envelope)
    // Around set(), which would trim what a foreign publisher need not.
    ;(headers as MsgHdrsImpl).headers.set(name, [value])
    // The revision is checked before the id it stands in.
    expect(() => decodeEnvelope(headers), `${name}: ${value}`).toThrow(name === 'ce-companyid' ? 'company id' : /^ce-/)
  }
})

/** The error that the envelope with these headers replaced is refused with. */
function refusalOf(replaced: Record<string, string>): unknown {
  const headers = encodeEnvelope(envelope)
  for (const [name, value] of Object.entries(replaced)) (headers as MsgHdrsImpl).headers.set(name, [value])
  try {
    return decodeEnvelope(headers)
  } catch (error) {
    return error
  }
}

test.each(['frontdesk.call.ended.v2', 'frontdesk.invoice_line.sent_again.v1', 'frontdesk.call.ended.v9999'])(
  'a sound event of the type %s, which is not in the catalogue, is told from a malformed one',
  (type) => {
    const refusal = refusalOf({ 'ce-type': type })
    expect(refusal).toBeInstanceOf(UnknownTypeError)
    expect(refusal).toMatchObject({ type })
    expect(refusalOf({ 'ce-type': type, 'ce-time': 'now' })).not.toBeInstanceOf(UnknownTypeError)
    expect(refusalOf({ 'ce-type': type, 'ce-companyid': 'cmp_' })).not.toBeInstanceOf(UnknownTypeError)
  },
)

test.each([
  '',
  'toString',
  'frontdesk.call.ended',
  'frontdesk.call.ended.v0',
  'frontdesk.call.ended.v01',
  'frontdesk.call.ended.v1.v2',
  'frontdesk.call.ended.v2 ',
  'Frontdesk.call.ended.v2',
  'frontdesk.call.Ended.v2',
  'frontdesk..ended.v2',
  'acme.call.ended.v1',
  `frontdesk.${'a'.repeat(200)}.ended.v1`,
])('the type %j is malformed: no version will ever know it', (type) => {
  const refusal = refusalOf({ 'ce-type': type })
  expect(refusal).toBeInstanceOf(TypeError)
  expect(refusal).not.toBeInstanceOf(UnknownTypeError)
})

test.each([
  'ce-specversion',
  'ce-id',
  'ce-revision',
  'ce-type',
  'ce-source',
  'ce-subject',
  'ce-time',
  'ce-datacontenttype',
  'ce-correlationid',
])('a message without %s, or with two of it, is refused', (name) => {
  const without = encodeEnvelope(envelope)
  without.delete(name)
  expect(() => decodeEnvelope(without)).toThrow(`${name} is missing`)
  const twice = encodeEnvelope(envelope)
  twice.append(name, twice.get(name))
  expect(() => decodeEnvelope(twice)).toThrow(`${name} is there 2 times`)
})

test('headers that are not ours, and arbitrary ones, never give an envelope', () => {
  expect(() => decodeEnvelope(newHeaders())).toThrow('ce-specversion is missing')
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (record) => {
      expect(() => decodeEnvelope(MsgHdrsImpl.fromRecord(Object.fromEntries(Object.entries(record).map(([k, v]) => [k, [v]]))))).toThrow()
    }),
  )
})

test.each([
  '',
  'x',
  `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
  `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  `00-${'A'.repeat(32)}-${'b'.repeat(16)}-01`,
])('a malformed trace (%s) costs the trace, not the event', (traceparent) => {
  const headers = encodeEnvelope(envelope)
  headers.set('traceparent', traceparent)
  expect(decodeEnvelope(headers)).toEqual({ ...envelope, trace: undefined })
})

test.each([
  ['revision', 0],
  ['revision', 1.5],
  ['confidence', 1.01],
  ['confidence', Number.NaN],
  ['subject', 'a\nce-companyid: cmp_x'],
  ['source', ''],
  ['correlationId', '\ud800'],
  ['time', new Date(Number.NaN)],
  ['time', new Date('+010000-01-01T00:00:00.000Z')],
  ['companyId', 'cmp_forged'],
  ['type', 'frontdesk.nothing.happened.v1'],
  ['id', 'short'],
] as const)('an envelope with a %s of %s is not encoded', (field, value) => {
  expect(() => encodeEnvelope({ ...envelope, [field]: value })).toThrow(TypeError)
})

test('a message id names the event, its revision, its stage and its lane', () => {
  expect(isCompanyId(envelope.companyId ?? '')).toBe(true)
  expect(natsMessageId(envelope, `company.${envelope.companyId}.call.ended`)).toBe(`${envelope.id}:company`)
  expect(natsMessageId({ ...envelope, revision: 2 }, 'ingress.retell.call.ended')).toBe(`${envelope.id}.2:ingress`)
  expect(natsMessageId(envelope, 'bulk.ingress.retell.call.ended')).toBe(`${envelope.id}:bulk.ingress`)
})
