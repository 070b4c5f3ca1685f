import { expect, test } from 'vitest'
import { differencesOf, type EventContent } from './content-difference.ts'

const content = (json: unknown, overrides: Partial<EventContent> = {}): EventContent => ({
  type: 'frontdesk.call.ended.v1',
  entityId: 'call_1',
  occurredAt: new Date('2026-11-22T10:00:00Z'),
  body: Buffer.from(JSON.stringify(json)),
  ...overrides,
})
const between = (before: unknown, after: unknown) => differencesOf(content(before), content(after))

test('the same content differs nowhere, whatever the order of its members', () => {
  expect(between({ a: 1, b: [{ c: null, d: 'x' }] }, { b: [{ d: 'x', c: null }], a: 1 })).toEqual([])
})

test('what is the event’s own differs under names that no payload has', () => {
  const changed = content({}, { type: 'frontdesk.call.started.v1', entityId: 'call_2', occurredAt: new Date('2026-11-22T10:00:00.001Z') })
  expect(differencesOf(content({}), changed)).toEqual([
    { path: '(type)', before: '"frontdesk.call.ended.v1"', after: '"frontdesk.call.started.v1"' },
    { path: '(entity)', before: '"call_1"', after: '"call_2"' },
    { path: '(time)', before: '"2026-11-22T10:00:00.000Z"', after: '"2026-11-22T10:00:00.001Z"' },
  ])
})

test('a difference is told at the single value, and what is not there is told from what is empty', () => {
  expect(between({ source: { evidence: [{ value: '+49' }] } }, { source: { evidence: [{ value: '+50' }, { value: '' }] } })).toEqual([
    { path: 'source.evidence[0].value', before: '"+49"', after: '"+50"' },
    { path: 'source.evidence[1].value', before: '', after: '""' },
  ])
  expect(between({ a: [], b: {} }, { b: [] })).toEqual([
    { path: 'a', before: '[]', after: '' },
    { path: 'b', before: '{}', after: '[]' },
  ])
  expect(between({ a: { b: null } }, { a: 1 })).toEqual([{ path: 'a', before: '{"b":null}', after: '1' }])
  expect(between({}, { data: { 'a "b"': 0 } })).toEqual([{ path: 'data["a \\"b\\""]', before: '', after: '0' }])
})

test('a secret is told to differ and never shown, nor is what is below it', () => {
  const secrets = { apiKey: 'k', nested: { access_token: { value: 's' } }, list: ['whsec_abc', 'Bearer xyz'] }
  const shown = between({}, secrets)
  expect(shown.map(({ path }) => path)).toEqual(['apiKey', 'nested.access_token.value', 'list[0]', 'list[1]'])
  expect(shown.every(({ before, after }) => before === '' && after.includes('[masked]'))).toBe(true)
  expect(between({ a: { token: 's', list: ['sk_live_1'] } }, { a: 1 })[0]?.before).toBe('{"token":"[masked]","list":["[masked]"]}')
  expect(between({ password: 'a' }, { password: 'b' })).toEqual([{ path: 'password', before: '[masked]', after: '[masked]' }])
})

test('a long value is cut', () => {
  const [difference] = between({ text: 'a'.repeat(5_000) }, { text: '' })
  expect(difference?.before).toHaveLength(200)
  expect(difference?.before.endsWith('…')).toBe(true)
})
