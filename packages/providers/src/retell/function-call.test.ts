import { expect, test } from 'vitest'
import { retellFunctionCall } from '../testing.ts'
import { retellFunctions } from './function-call.ts'

type Overrides = Parameters<typeof retellFunctionCall>[1]
const read = (overrides: Overrides = {}, name: 'check_availability' | 'book_appointment' = 'book_appointment') =>
  retellFunctions.read(name, retellFunctionCall(name, overrides).body)
const keyOf = (overrides: Overrides) => {
  const reading = read(overrides)
  if (!reading.ok) throw new Error(reading.violations.join())
  return reading.key
}
const invocation = (id: string, args: object, name = 'book_appointment') => ({
  role: 'tool_call_invocation',
  tool_call_id: id,
  name,
  arguments: JSON.stringify(args),
})

test('who calls and whose call it is are the signed call’s own, by its direction, and never the arguments’', () => {
  const args = { company_id: 'cmp_other', to_number: '+4930999', from_number: '+4930888' }
  expect(read({ args })).toMatchObject({ ok: true, callerNumber: '+493012340001' })
  const outbound = read({ call: { direction: 'outbound', metadata: { company_id: 'cmp_ours' } }, args })
  expect(outbound).toMatchObject({
    callerNumber: '+493012345678',
    evidence: [
      { kind: 'EVIDENCE_KIND_PHONE_NUMBER', value: '+493012340001' },
      { kind: 'EVIDENCE_KIND_VOICE_AGENT', value: 'agent_7b1e90c2' },
      { kind: 'EVIDENCE_KIND_METADATA', value: 'cmp_ours' },
    ],
  })
  expect(read({ call: { from_number: 'anonymous' } })).toMatchObject({ callerNumber: undefined })
})

test('a tool call is known by its id, also when another one stands behind it, and without one by its call, name and arguments', () => {
  const args = { start: '2026-11-24T10:00:00+01:00', duration_minutes: 45, offering: 'Haircut', customer_name: 'Jana' }
  const own = (transcript: object[], more: object = {}) =>
    keyOf({ args, call: { transcript_with_tool_calls: transcript as never, ...more } })
  expect(own([invocation('a', args)])).toBe(own([invocation('a', args), invocation('b', { start: '2026-11-24T11:00' })]))
  expect(own([invocation('a', args)])).not.toBe(own([invocation('b', args)]))
  expect(own([invocation('a', args)])).not.toBe(own([invocation('a', args)], { call_id: 'call_other' }))
  expect(own([])).toBe(own([invocation('a', args, 'check_availability'), { role: 'agent' }]))
  expect(own([])).not.toBe(own([], { call_id: 'call_other' }))
})

test('the members’ order makes no difference', () => {
  const body = (args: string) => Buffer.from(`{"name":"book_appointment","call":{"call_id":"c"},"args":${args}}`)
  const [one, other] = ['{"start":"2026-11-24T10:00","service":"Cut"}', '{"service":"Cut","start":"2026-11-24T10:00"}'].map((args) =>
    retellFunctions.read('book_appointment', body(args)),
  )
  expect(one).toEqual(other)
})

test('a time without an offset is by the company’s clock', () => {
  expect(read({ args: { start: '2026-11-24T10:00' } })).toMatchObject({ request: { args: { start: { local: '2026-11-24T10:00' } } } })
  expect(read({}, 'check_availability')).toMatchObject({
    request: { name: 'check_availability', args: { from: '2026-11-24T09:00', until: '2026-11-24T18:00', durationMinutes: 45 } },
  })
})

test.each<[string, Overrides]>([
  ['no time', { args: { start: 'tomorrow at ten' } }],
  ['no day of the calendar', { args: { start: '2026-02-30T10:00' } }],
  ['a time of another type', { args: { start: { toString: 'x' } } }],
  ['an endless duration', { args: { duration_minutes: 1e9 } }],
  ['a huge name', { args: { customer_name: 'x'.repeat(10_000) } }],
  ['no arguments', { args: undefined }],
  ['a list', { args: [] }],
])('%s in the arguments is told, and no value of it', (_, overrides) => {
  const reading = read(overrides)
  expect(reading).toMatchObject({ ok: false, name: 'book_appointment' })
  expect(JSON.stringify(reading).length).toBeLessThan(2_000)
})

test('without a call, for another function than it was signed for, or for one that there is not, it is refused', () => {
  expect(() => read({ call: undefined })).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  const { body } = retellFunctionCall('check_availability')
  expect(() => retellFunctions.read('book_appointment', body)).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
  for (const name of ['drop_tables', '__proto__', 'toString']) {
    expect(() => retellFunctions.read(name, body)).toThrow(expect.objectContaining({ code: 'not_found' }))
  }
})
