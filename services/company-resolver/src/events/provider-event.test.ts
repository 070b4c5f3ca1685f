import type { ReceivedEvent } from '@frontdesk/bus'
import { decodePayload, deriveEventId, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { receive } from '@frontdesk/outbox/testing'
import { expect, test } from 'vitest'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import { passOn, passOnReleased } from './pass-on.ts'
import { readProviderEvent } from './read-provider-event.ts'

const source = {
  deliveryId: 'dlv_1',
  provider: 'retell',
  providerEventType: 'call_ended',
  entityType: 'call',
  entityId: 'call_1',
  receivedAt: '2026-11-22T12:00:00.000Z',
  evidence: [{ kind: 'EVIDENCE_KIND_PHONE_NUMBER', value: '+4930111111' }],
}

function received(json: unknown, overrides: Partial<ReceivedEvent> = {}): ReceivedEvent {
  return {
    envelope: {
      id: deriveEventId(['test']),
      revision: 2,
      type: 'frontdesk.call.ended.v1',
      source: 'frontdesk/webhook-ingress',
      subject: 'call_1',
      time: new Date('2026-11-22T11:59:00Z'),
      correlationId: 'dlv_1',
    },
    subject: 'ingress.retell.call.ended',
    body: Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)),
    deliveryCount: 1,
    streamSequence: 1n,
    ...overrides,
  }
}

const decided = (event: ProviderEvent, decision: Attribution['decision']): Attribution => ({
  event,
  decision,
  waterfall: [],
  candidates: Array.from({ length: 7 }, () => ({ companyId: newId('cmp'), posterior: 0.1 })),
  nonePosterior: 0.3,
  asOf: new Date(0),
  modelVersion: 'm',
  directoryVersion: 1n,
})

test('only the source is read, whatever else the payload holds', () => {
  const event = readProviderEvent(received({ call: { anything: 1 }, source }))
  expect(event).toMatchObject({
    revision: 2,
    provider: 'retell',
    entity: { provider: 'retell', scope: 'platform', type: 'call', id: 'call_1' },
    evidence: [{ kind: 'phone_number', value: '+4930111111' }],
    schemaViolations: [],
  })
})

test('an event can’t say itself where its entity went, and says nothing in a kind that is not known', () => {
  const evidence = [
    { kind: 'EVIDENCE_KIND_ENTITY', value: 'cmp_x' },
    { kind: 'EVIDENCE_KIND_OF_TOMORROW', value: 'x' },
    { kind: 'EVIDENCE_KIND_TEAM', value: ' ' },
  ]
  expect(readProviderEvent(received({ source: { ...source, evidence } })).evidence).toEqual([])
})

test('a connection is evidence and scope, even if it is not listed', () => {
  const event = readProviderEvent(received({ source: { ...source, connectionId: 'con_1', evidence: [] } }))
  expect(event.evidence).toEqual([{ kind: 'connection', value: 'con_1' }])
  expect(event.entity?.scope).toBe('con_1')
})

test('a source that can’t be read is refused for good', () => {
  const bad: unknown[] = [
    'not json',
    '[]',
    {},
    { source: [] },
    { source: { ...source, provider: 'Retell.>' } },
    { source: { ...source, receivedAt: undefined } },
    { source: { ...source, receivedAt: 'yesterday' } },
    { source: { ...source, receivedAt: '+012000-01-01T00:00:00.000Z' } },
    { source: { ...source, entityStartedAt: 'yesterday' } },
    { source: { ...source, occurredAt: 'yesterday' } },
    { source: { ...source, evidence: [null] } },
  ]
  for (const json of bad) {
    const permanent = (error: unknown) => isFrontdeskError(error, 'invalid_argument') && !error.retryable
    expect(() => readProviderEvent(received(json))).toThrow(expect.toSatisfy(permanent))
  }
})

test('an attributed event goes on with the same bytes, id and revision, in its lane', () => {
  const companyId = vouchForCompanyId(newId('cmp'))
  const odd = `{ "source": ${JSON.stringify(source)}, "amount": 1.0, "name": "\\u00e9" }`
  for (const lane of ['', 'bulk.']) {
    const event = received(odd, { subject: `${lane}ingress.retell.call.ended` })
    const next = passOn(event, decided(readProviderEvent(event), { kind: 'attributed', companyId, confidence: 0.99 }))
    expect(Buffer.from(next.body).toString()).toBe(odd)
    expect(next).toMatchObject({
      id: event.envelope.id,
      revision: 2,
      type: 'frontdesk.call.ended.v1',
      subject: `${lane}company.${companyId}.call.ended`,
      companyId,
      confidence: 0.99,
      correlationId: 'dlv_1',
      causationId: event.envelope.id,
      entityId: 'call_1',
      occurredAt: event.envelope.time,
    })
  }
})

test('a quarantined event is wrapped with its reason, its whole payload and the nearest five companies', () => {
  const event = received({ source, call: { a: [1, null] } })
  const next = passOn(event, decided(readProviderEvent(event), { kind: 'quarantined', reason: 'ambiguous', details: [] }))
  expect(next).toMatchObject({
    id: event.envelope.id,
    revision: 2,
    type: 'frontdesk.event.quarantined.v1',
    subject: 'quarantine.retell.ambiguous',
  })
  expect(next.companyId).toBeUndefined()
  const payload = decodePayload('frontdesk.event.quarantined.v1', next.body)
  expect(payload).toMatchObject({
    reason: 'QUARANTINE_REASON_AMBIGUOUS',
    eventType: 'frontdesk.call.ended.v1',
    source: { deliveryId: 'dlv_1' },
    original: { call: { a: [1, null] } },
  })
  expect(payload.suggestions).toHaveLength(5)
})

test('once released, a quarantined event goes on as if it had never been wrapped, in its lane and trace', () => {
  const companyId = vouchForCompanyId(newId('cmp'))
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
  for (const lane of ['', 'bulk.']) {
    const event = received({ source, call: { a: [1, null], name: '\u00e9' } }, { subject: `${lane}ingress.retell.call.ended` })
    const attributed = passOn(event, decided(readProviderEvent(event), { kind: 'attributed', companyId, confidence: 1 }))
    const wrapped = passOn(event, decided(readProviderEvent(event), { kind: 'quarantined', reason: 'conflict', details: [] }))
    const addressee = { companyId, confidence: 1, eventType: event.envelope.type }
    expect(passOnReleased(receive({ ...wrapped, trace }), addressee)).toEqual({ ...attributed, trace })
  }
})

test('what of a body did not fit is read from the event that says so', () => {
  const event = received({ source, schemaViolations: ['call: expected object'] })
  const drifted = { ...event, envelope: { ...event.envelope, type: 'frontdesk.provider_event.received.v1' as const } }
  expect(readProviderEvent(drifted).schemaViolations).toEqual(['call: expected object'])
  expect(readProviderEvent(event).schemaViolations).toEqual([])
})
