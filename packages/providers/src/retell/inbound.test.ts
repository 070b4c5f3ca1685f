import { EvidenceKind } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retellInboundWebhook } from '../testing.ts'
import { retellInbound } from './inbound.ts'

const read = (overrides: Parameters<typeof retellInboundWebhook>[1] = {}, event: 'call_inbound' | 'chat_inbound' = 'call_inbound') =>
  retellInbound.read(retellInboundWebhook(event, overrides).body)
const bytes = (json: unknown) => Buffer.from(JSON.stringify(json))

test.each(['call_inbound', 'chat_inbound'] as const)('a %s says who waits, and by our number and agent whom he wants', (event) => {
  expect(read({}, event)).toEqual({
    ok: true,
    event,
    evidence: [
      { kind: EvidenceKind.PHONE_NUMBER, value: '+493012345678' },
      { kind: EvidenceKind.VOICE_AGENT, value: 'agent_7b1e90c2' },
    ],
    callerNumber: '+493012340001',
  })
})

test('nothing that the caller writes is evidence, and a body of one event says nothing by the member of the other', () => {
  const headers = { 'x-company-id': 'cmp_01h455vb4pex5vsknk084sn02q', to_number: '+4930999' }
  const both = { chat_inbound: { agent_id: 'agent_other', to_number: '+4930888888' }, metadata: { company_id: 'cmp_x' } }
  expect(read({ ...both, call_inbound: { custom_sip_headers: headers, metadata: { company_id: 'cmp_x' } } })).toEqual(read())
})

test.each([['anonymous'], [''], ['030 1234'], [null], [undefined]])('a caller whose number is %j is nobody that we know', (from) => {
  expect(read({ call_inbound: { from_number: from } })).toMatchObject({ ok: true, callerNumber: undefined })
})

test('what does not fit is told by path and type, never by value', () => {
  const wrong = read({ call_inbound: { from_number: 12, to_number: ['+4930'], agent_id: 'an agent' } })
  expect(wrong).toEqual({
    ok: false,
    event: 'call_inbound',
    violations: [
      'agent_id: expected 1 to 128 visible ASCII characters, received string',
      'from_number: expected string, received number',
      'to_number: expected string, received array',
    ],
  })
  expect(retellInbound.read(bytes({ event: 'call_inbound' }))).toMatchObject({ ok: false })
  expect(retellInbound.read(bytes({ event: 'call_inbound', call_inbound: null }))).toMatchObject({ ok: false })
})

test('any other event is no question of this kind', () => {
  for (const json of [{ event: 'call_started' }, { event: '__proto__' }, { event: ['call_inbound'] }, [], null, 1, 'call_inbound']) {
    expect(() => retellInbound.read(bytes(json))).toThrow(expect.toSatisfy((error) => isFrontdeskError(error, 'invalid_argument')))
  }
  expect(() => retellInbound.read(Buffer.from([0xff]))).toThrow(expect.toSatisfy((error) => isFrontdeskError(error, 'malformed_json')))
})

test('whatever JSON comes, it is read or refused in our words', () => {
  const anyContact = fc.record({ agent_id: fc.jsonValue(), from_number: fc.jsonValue(), to_number: fc.jsonValue() }, { requiredKeys: [] })
  const anyBody = fc.record({ event: fc.constantFrom('call_inbound', 'chat_inbound'), call_inbound: fc.oneof(anyContact, fc.jsonValue()) })
  fc.assert(
    fc.property(fc.oneof(anyBody, fc.jsonValue()), (json) => {
      try {
        retellInbound.read(bytes(json))
      } catch (error) {
        expect(error).toSatisfy((thrown) => isFrontdeskError(thrown, 'invalid_argument'))
      }
    }),
  )
})

test('answers are as Retell reads them: a rejection stands alone, and values are strings', () => {
  expect(retellInbound.answer('call_inbound', { kind: 'usual' })).toEqual({ call_inbound: {} })
  expect(retellInbound.answer('call_inbound', { kind: 'reject' })).toEqual({ call_inbound: { reject: true } })
  const told = { kind: 'told', variables: { customer_name: 'Ada' }, metadata: { company_id: 'cmp_1' } } as const
  expect(retellInbound.answer('chat_inbound', told)).toEqual({
    chat_inbound: { dynamic_variables: { customer_name: 'Ada' }, metadata: { company_id: 'cmp_1' } },
  })
})
