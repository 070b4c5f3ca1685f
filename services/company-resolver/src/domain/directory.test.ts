import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { newCompany } from './company.ts'
import { checkSecret, newConnection } from './connection.ts'
import { normalizeValue } from './evidence.ts'
import { endSignal, isValidAt, newSignal, overlaps, type Signal } from './signal.ts'

const at = (hour: number) => new Date(Date.UTC(2026, 10, 22, hour))
const aSignal = (overrides: Partial<Signal> = {}): Signal => ({
  id: 'sig_1',
  companyId: 'cmp_1',
  kind: 'phone_number',
  value: '+4930123456',
  validFrom: undefined,
  validUntil: undefined,
  ...overrides,
})

function messageOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (isFrontdeskError(error, 'invalid_argument')) return error.publicMessage
    throw error
  }
  return 'accepted'
}

test('a value has one form, however it was written', () => {
  expect(normalizeValue('organizer_email', ' Ada@Example.COM ')).toBe('ada@example.com')
  expect(normalizeValue('voice_agent', ' agent_Ab ')).toBe('agent_Ab')
  expect(normalizeValue('phone_number', 'anonymous')).toBe('anonymous')
})

test.each([
  '+49 30 123456',
  '+49(0)30123456',
  '0049 30 123456',
  '+4930-123456',
  ' +4930123456',
  '+0301234567',
  '+493012',
  '+4930123456789012',
  'anonymous',
])('the phone number `%s` is no signal: its provider’s adapter alone reads other forms than E.164', (value) => {
  expect(messageOf(() => newSignal(aSignal({ value })))).toMatch(/^value: .*E\.164, \+ and 7 to 15 digits/)
  expect(normalizeValue('phone_number', value)).toBe(value)
})

test.each(['+1234567', '+4930123456', '+123456789012345'])('the phone number `%s` is a signal as it is', (value) => {
  expect(newSignal(aSignal({ value })).value).toBe(value)
})

test('a signal that could match nothing is refused, and the message names the field', () => {
  expect(messageOf(() => newSignal(aSignal({ value: '030 123456' })))).toMatch(/^value: .*E\.164/)
  expect(messageOf(() => newSignal(aSignal({ value: '   ' })))).toMatch(/^value: /)
  expect(messageOf(() => newSignal(aSignal({ kind: 'voice_agent', value: 'a'.repeat(256) })))).toMatch(/^value: .*255/)
  expect(messageOf(() => newSignal(aSignal({ kind: 'organizer_email', value: 'nobody' })))).toMatch(/^value: .*e-mail/)
  expect(messageOf(() => newSignal(aSignal({ validFrom: at(2), validUntil: at(2) })))).toMatch(/^valid_until: /)
  expect(messageOf(() => newSignal(aSignal({ validFrom: new Date(NaN) })))).toMatch(/^valid_from: /)
  expect(messageOf(() => endSignal(aSignal({ validFrom: at(2) }), at(1)))).toMatch(/^valid_until: /)
})

test.each([
  ['stripe_account', ['acct_1SWq2kLkdIwHu7ix'], ['cus_1', 'acct_', 'acct_a b', `acct_${'a'.repeat(121)}`]],
  ['stripe_customer', ['cus_TUtf3xXhW6oDpB'], ['acct_1', 'cus_', 'TUtf3xXhW6oDpB', 'cus_a/b']],
  ['whatsapp_phone_number', ['106540352242922'], ['+4930123456', '0', '', '1e9', '1'.repeat(33)]],
  ['whatsapp_account', ['102290129340398'], ['wamid.1', '0', '01']],
] as const)('a signal of kind %s has the form in which its provider’s adapter finds it', (kind, good, bad) => {
  for (const value of good) expect(newSignal(aSignal({ kind, value: ` ${value} ` })).value).toBe(value)
  for (const value of bad) expect(messageOf(() => newSignal(aSignal({ kind, value })))).toMatch(/^value: give/)
})

test('validity includes its beginning and excludes its end', () => {
  const signal = endSignal(aSignal({ validFrom: at(1) }), at(3))
  expect([at(0), at(1), at(2), at(3)].map((time) => isValidAt(signal, time))).toEqual([false, true, true, false])
})

test('validities overlap exactly if there is a time at which both count', () => {
  const between = (from: number | undefined, until: number | undefined) => ({
    validFrom: from === undefined ? undefined : at(from),
    validUntil: until === undefined ? undefined : at(until),
  })
  expect(overlaps(between(1, 2), between(2, 3))).toBe(false)
  expect(overlaps(between(1, 3), between(2, 4))).toBe(true)
  expect(overlaps(between(undefined, undefined), between(2, 3))).toBe(true)
  expect(overlaps(between(undefined, 2), between(2, undefined))).toBe(false)
})

test('a company needs a name and a time zone that knows daylight saving', () => {
  const draft = { id: 'cmp_1', name: ' Salon ', timeZone: 'Europe/Berlin', createdAt: at(0) }
  expect(newCompany(draft)).toEqual({ ...draft, name: 'Salon', deactivatedAt: undefined })
  expect(messageOf(() => newCompany({ ...draft, name: ' ' }))).toMatch(/^name: /)
  for (const timeZone of ['Berlin', '+01:00', '', 'Europe/Nowhere']) {
    expect(messageOf(() => newCompany({ ...draft, timeZone }))).toMatch(/^time_zone: /)
  }
})

test('a connection needs a known provider and a secret that protects', () => {
  const draft = { id: 'con_1', companyId: 'cmp_1', provider: 'calcom', createdAt: at(1) }
  expect(newConnection(draft).secretVersion).toBe(1)
  expect(messageOf(() => newConnection({ ...draft, provider: 'calcomm' }))).toMatch(/^provider: .*calcom/)
  expect(messageOf(() => checkSecret('short'))).toMatch(/^secret: /)
  expect(messageOf(() => checkSecret('no-secret-provided'))).toMatch(/^secret: /)
})
