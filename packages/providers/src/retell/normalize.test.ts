import { CallDirection, CallTransferPhase } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { evidenceOf, onlyEvent, payloadOf, sourceOf, violationsOf } from '../../test/support.ts'
import type { Delivery } from '../provider.ts'
import { type Overrides, retellWebhook } from '../testing.ts'
import { retell } from './index.ts'

const call = {
  callId: 'call_5f3c1a9be2d84706',
  agentId: 'agent_7b1e90c2',
  direction: CallDirection.INBOUND,
  fromNumber: '+493012340001',
  toNumber: '+493012345678',
  startedAt: new Date('2026-11-20T09:00:00.000Z'),
}

function event(name: string, overrides?: Overrides, delivery?: Partial<Delivery>) {
  return onlyEvent(retell, retellWebhook(name, overrides).body, delivery)
}

function analyzed(customAnalysisData: Overrides) {
  // A sample's own answers would be merged in.
  const { json } = retellWebhook('call_analyzed', { call: { call_analysis: { custom_analysis_data: undefined } } })
  const body = JSON.stringify(json).replace(
    '"in_voicemail":false',
    `"in_voicemail":false,"custom_analysis_data":${JSON.stringify(customAnalysisData)}`,
  )
  return onlyEvent(retell, body)
}

const appointmentRequestOf = (data: Overrides) => payloadOf('frontdesk.call.analyzed.v1', analyzed(data)).appointmentRequest

test('a started call tells who spoke with which agent since when', () => {
  const started = event('call_started')
  expect(started).toMatchObject({ entityId: call.callId, occurredAt: call.startedAt })
  expect(payloadOf('frontdesk.call.started.v1', started).call).toEqual(call)
})

test('an ended call tells when and why it ended', () => {
  const ended = event('call_ended')
  expect(ended.occurredAt).toEqual(new Date('2026-11-20T09:01:32.500Z'))
  expect(payloadOf('frontdesk.call.ended.v1', ended)).toMatchObject({
    call,
    endedAt: ended.occurredAt,
    durationMs: 92_500,
    disconnectionReason: 'user_hangup',
  })
})

test('a call that never connected has no start and no duration', () => {
  const payload = payloadOf(
    'frontdesk.call.ended.v1',
    event('call_ended', { call: { start_timestamp: undefined, duration_ms: undefined, disconnection_reason: 'dial_no_answer' } }),
  )
  expect(payload.call?.startedAt).toBeUndefined()
  expect(payload.durationMs).toBeUndefined()
  expect(payload.disconnectionReason).toBe('dial_no_answer')
})

test('a duration that Retell leaves out follows from start and end, unless the end comes first', () => {
  const durationOf = (call: Overrides) =>
    payloadOf('frontdesk.call.ended.v1', event('call_ended', { call: { duration_ms: undefined, ...call } })).durationMs
  expect(durationOf({})).toBe(92_500)
  expect(durationOf({ end_timestamp: 1_795_165_199_999 })).toBeUndefined()
})

test('an analyzed call tells its summary, and has no time of its own', () => {
  const event = analyzed({})
  expect(event.occurredAt).toEqual(new Date('2026-11-20T12:00:00.000Z'))
  expect(sourceOf(event).occurredAt).toBeUndefined()
  expect(payloadOf('frontdesk.call.analyzed.v1', event)).toMatchObject({
    call,
    summary: 'The caller asked for a haircut on Tuesday at ten.',
    userSentiment: 'Positive',
    successful: true,
    inVoicemail: false,
    customAnalysisData: {},
    appointmentRequest: undefined,
  })
})

test('an analysis with nothing in it still fits', () => {
  const nothing = {
    call_summary: null,
    user_sentiment: undefined,
    call_successful: undefined,
    in_voicemail: null,
    custom_analysis_data: undefined,
  }
  const payload = payloadOf('frontdesk.call.analyzed.v1', event('call_analyzed', { call: { call_analysis: nothing } }))
  expect(payload).toMatchObject({ summary: '', userSentiment: '', inVoicemail: false })
  expect(payload).toMatchObject({ successful: undefined, customAnalysisData: undefined, appointmentRequest: undefined })
})

test('a web call has no numbers and is of neither direction', () => {
  const web = event('call_started', { call: { call_type: 'web_call', direction: undefined, from_number: undefined, to_number: undefined } })
  expect(payloadOf('frontdesk.call.started.v1', web).call).toMatchObject({ direction: CallDirection.WEB, fromNumber: '', toNumber: '' })
  expect(evidenceOf(web)).toEqual(['voice_agent agent_7b1e90c2'])
})

test('a caller who asks for an appointment at a time with its offset asks for that instant', () => {
  expect(
    appointmentRequestOf({
      appointment_requested: true,
      customer_name: 'Jana Beispiel',
      offering: 'Haircut',
      preferred_time: '2026-11-24T10:00:00+01:00',
      notes: 'Prefers Mia.',
    }),
  ).toEqual({
    customerName: 'Jana Beispiel',
    offering: 'Haircut',
    preferredStart: new Date('2026-11-24T09:00:00.000Z'),
    preferredStartText: '2026-11-24T10:00:00+01:00',
    notes: 'Prefers Mia.',
  })
})

test.each(['Tuesday at ten', '2026-11-24T10:00:00', '2026-11-24', '2026-02-30T10:00:00Z', '9999-12-31T23:59:59-01:00', ''])(
  'the preferred time %j is kept as text alone',
  (preferredTime) => {
    expect(appointmentRequestOf({ appointment_requested: true, preferred_time: preferredTime })).toMatchObject({
      preferredStart: undefined,
      preferredStartText: preferredTime,
    })
  },
)

test.each([
  [true, true],
  ['true', true],
  ['yes', true],
  [' Yes ', true],
  [false, false],
  ['false', false],
  ['no', false],
  ['', false],
  [null, false],
])('appointment_requested %j counts as %j', (answer, requested) => {
  expect(appointmentRequestOf({ appointment_requested: answer, customer_name: 'Jana' }) !== undefined).toBe(requested)
})

test('an offering may be called service, and what the agent did not learn is empty', () => {
  expect(appointmentRequestOf({ appointment_requested: 'yes', service: 'Colour', customer_name: null })).toEqual({
    customerName: '',
    offering: 'Colour',
    preferredStart: undefined,
    preferredStartText: '',
    notes: '',
  })
})

test('a request for an appointment that can’t be read is not lost as a call without one', () => {
  expect(violationsOf(analyzed({ appointment_requested: 1 }))).toEqual([
    'call.call_analysis.custom_analysis_data.appointment_requested: expected boolean or string, received number',
  ])
  expect(violationsOf(analyzed({ appointment_requested: true, customer_name: ['Jana'], notes: 'x'.repeat(40_001) }))).toEqual([
    'call.call_analysis.custom_analysis_data.customer_name: expected string, received array',
    'call.call_analysis.custom_analysis_data.notes: expected at most 40000 bytes, received string',
  ])
})

test('what an agent extracts under the convention’s names without a request is its own affair', () => {
  const payload = payloadOf('frontdesk.call.analyzed.v1', analyzed({ notes: 7, offering: { id: 1 }, 'anything else': [null, 1.5] }))
  expect(payload.customAnalysisData).toEqual({ notes: 7, offering: { id: 1 }, 'anything else': [null, 1.5] })
  expect(payload.appointmentRequest).toBeUndefined()
})

test('our number is the one called on an inbound call and the one calling on an outbound one', () => {
  expect(evidenceOf(event('call_ended'))).toEqual(['phone_number +493012345678', 'voice_agent agent_7b1e90c2'])
  expect(evidenceOf(event('call_ended', { call: { direction: 'outbound' } }))).toEqual([
    'phone_number +493012340001',
    'voice_agent agent_7b1e90c2',
  ])
  expect(evidenceOf(event('call_ended', { call: { direction: undefined } }))).toEqual(['voice_agent agent_7b1e90c2'])
})

test('a number is evidence in E.164 or not at all', () => {
  const evidenceFor = (to_number: string) => evidenceOf(event('call_ended', { call: { to_number, agent_id: undefined } }))
  expect(evidenceFor('+49 (30) 1234-5678')).toEqual(['phone_number +493012345678'])
  for (const none of [
    '030 12345678',
    'tel:+49-30-12345678',
    'anonymous',
    'sip:desk@salon.example',
    'call me at +493012345678',
    '+0123',
    '+1',
    '',
  ]) {
    expect(evidenceFor(none)).toEqual([])
  }
})

test('a caller without a readable number is a caller all the same', () => {
  expect(payloadOf('frontdesk.call.ended.v1', event('call_ended', { call: { from_number: 'anonymous' } })).call?.fromNumber).toBe('')
})

test('metadata that we set is evidence, what was said in the call is not', () => {
  const named = event('call_ended', {
    call: {
      metadata: { company_id: 'cmp_1' },
      retell_llm_dynamic_variables: { company_id: 'cmp_2' },
      call_analysis: { custom_analysis_data: { company_id: 'cmp_3' } },
      transcript: 'cmp_4',
    },
  })
  expect(evidenceOf(named)).toEqual(['phone_number +493012345678', 'voice_agent agent_7b1e90c2', 'metadata cmp_1'])
})

test('the connection is evidence only when its own secret verified', () => {
  expect(evidenceOf(event('call_ended', {}, { connectionId: 'con_1' }))).toContain('connection con_1')
  expect(sourceOf(event('call_ended', {}, { connectionId: 'con_1' })).connectionId).toBe('con_1')
  expect(evidenceOf(event('call_ended')).join()).not.toContain('connection')
})

test.each([
  ['transfer_started', CallTransferPhase.STARTED],
  ['transfer_bridged', CallTransferPhase.BRIDGED],
  ['transfer_cancelled', CallTransferPhase.CANCELLED],
])('%s tells the phase of a transfer, and where to', (name, phase) => {
  const transfer = event(name)
  expect(transfer).toMatchObject({ entityId: call.callId, occurredAt: new Date('2026-11-20T12:00:00.000Z') })
  expect(payloadOf('frontdesk.call.transferred.v1', transfer)).toMatchObject({
    call,
    phase,
    destination: '+493012349999',
    option: 'cold_transfer',
  })
})

test('an ended transfer, which comes without destination and option, is a phase all the same', () => {
  expect(payloadOf('frontdesk.call.transferred.v1', event('transfer_ended'))).toMatchObject({
    call,
    phase: CallTransferPhase.ENDED,
    destination: '',
    option: '',
  })
})

test('where a call was transferred to can be a text, an address, or what a prompt decides', () => {
  const destinationOf = (transfer_destination: string | Overrides | null) =>
    payloadOf('frontdesk.call.transferred.v1', event('transfer_started', { transfer_destination, transfer_option: 'warm_transfer' }))
  expect(destinationOf('+49 30 12349999')).toMatchObject({ destination: '+493012349999', option: 'warm_transfer' })
  expect(destinationOf('sip:desk@salon.example').destination).toBe('sip:desk@salon.example')
  expect(destinationOf({ type: 'inferred', number: undefined, prompt: 'the workshop' }).destination).toBe('')
  expect(destinationOf(null).destination).toBe('')
  expect(violationsOf(event('transfer_started', { transfer_destination: 7, transfer_option: [] }))).toEqual([
    'transfer_destination: expected a text, or an object whose number is one, received number',
    'transfer_option: expected a text, or an object whose type is one, received array',
  ])
})

test('whom a call was transferred to is no evidence', () => {
  expect(evidenceOf(event('transfer_started'))).toEqual(['phone_number +493012345678', 'voice_agent agent_7b1e90c2'])
})

test.each(['transcript_updated', 'some_future_event'])('%s is kept as an event of its call', (name) => {
  const received = event(name)
  expect(violationsOf(received)).toEqual([])
  expect(sourceOf(received)).toMatchObject({
    provider: 'retell',
    deliveryId: 'dlv_01jd3w2k7xe9qr5m8tz4vb6n0c',
    providerEventType: name,
    entityType: 'call',
    entityId: call.callId,
    entityStartedAt: call.startedAt,
    receivedAt: new Date('2026-11-20T12:00:00.000Z'),
  })
  expect(evidenceOf(received)).toContain('phone_number +493012345678')
})

test.each(['chat_started', 'chat_ended', 'chat_analyzed'])('%s is kept as an event of its chat, with its agent as evidence', (name) => {
  const chat = event(name, { chat: { metadata: { company_id: 'cmp_1' }, start_timestamp: 1_795_165_200_000 } })
  expect(violationsOf(chat)).toEqual([])
  expect(sourceOf(chat)).toMatchObject({ entityType: 'chat', entityId: chat.entityId, entityStartedAt: call.startedAt })
  expect(chat.entityId).toBe('chat_91d0c7f4a2b35e68')
  expect(evidenceOf(chat)).toEqual(['voice_agent agent_7b1e90c2', 'metadata cmp_1'])
})

test('fields that we do not know change nothing', () => {
  expect(event('call_ended', { extra: { a: 1 }, call: { new_field: [1] } }).body).toEqual(event('call_ended').body)
})

test('a body that verified but does not fit says where, what was expected and of what type it is, never the value', () => {
  const drifted = event('call_ended', {
    call: { start_timestamp: '1795165200000', direction: 'sideways', duration_ms: 1.5, disconnection_reason: 7 },
  })
  expect(violationsOf(drifted)).toEqual([
    'call.direction: expected one of inbound, outbound, received string',
    'call.start_timestamp: expected number, received string',
    'call.duration_ms: expected int, received number',
    'call.disconnection_reason: expected string, received number',
  ])
  expect(sourceOf(drifted)).toMatchObject({ providerEventType: 'call_ended', entityId: call.callId, entityStartedAt: undefined })
  expect(evidenceOf(drifted)).toEqual(['voice_agent agent_7b1e90c2'])
})

test.each([
  ['{}', 'event: expected string, received nothing'],
  ['false', '(body): expected object, received boolean'],
  ['null', '(body): expected object, received null'],
  ['[]', '(body): expected object, received array'],
  ['"call_ended"', '(body): expected object, received string'],
  ['{"event":["call_ended"]}', 'event: expected string, received array'],
  ['{"event":"call ended"}', 'event: expected a name of up to 64 letters, digits, or _ . -, received string'],
  ['{"event":"call_ended"}', 'call: expected object, received nothing'],
  ['{"event":"call_ended","call":{}}', 'call.call_id: expected string, received nothing'],
  ['{"event":"call_ended","call":{"call_id":"a b"}}', 'call.call_id: expected 1 to 128 visible ASCII characters, received string'],
  ['{"event":"call_analyzed","call":{"call_id":"c"}}', 'call.call_analysis: expected object, received nothing'],
])('the verified body %s is kept with: %s', (body, violation) => {
  const received = onlyEvent(retell, body)
  expect(violationsOf(received)).toEqual([violation])
})

test('a drifted event keeps the id that it will have once its schema is mended', () => {
  expect(event('call_ended', { call: { direction: 'sideways' } }).id).toBe(event('call_ended').id)
})
