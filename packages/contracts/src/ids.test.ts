import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deriveEventId, eventIdFromBytes, eventIdToBytes, isCompanyId, newClaim, newId, parseEventId, vouchForCompanyId } from './ids.ts'

test('the same parts give the same event id for ever', () => {
  expect(deriveEventId(['retell', 'platform', 'call_ended', 'call_1'])).toBe(
    'b33f354f72444ac78ce1d17544e658871480b46f4727906540c0887128117fba',
  )
})

test('no two different lists of parts read alike', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 4 }), fc.array(fc.string(), { maxLength: 4 }), (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b))
      expect(deriveEventId(a)).not.toBe(deriveEventId(b))
    }),
  )
})

test('an event id survives its 32 bytes, and nothing else parses', () => {
  const id = deriveEventId(['x'])
  expect(eventIdFromBytes(eventIdToBytes(id))).toBe(id)
  expect(parseEventId(id)).toBe(id)
  for (const wrong of ['', id.toUpperCase(), id.slice(1), `${id}0`, 'g'.repeat(64)]) expect(parseEventId(wrong)).toBeUndefined()
  expect(() => eventIdFromBytes(new Uint8Array(31))).toThrow(RangeError)
})

test('only a company’s TypeID can be vouched for', () => {
  const id = newId('cmp')
  expect(vouchForCompanyId(id)).toBe(id)
  for (const wrong of ['', 'cmp_', newId('apt'), `${id}0`, id.toUpperCase(), `cmp_8${id.slice(5)}`]) {
    expect(isCompanyId(wrong)).toBe(false)
    expect(() => vouchForCompanyId(wrong)).toThrow(TypeError)
  }
})

test('ids of one kind sort by the time they were made, and claims fit a BIGINT', () => {
  const ids = Array.from({ length: 50 }, () => newId('apt'))
  expect(ids.toSorted()).toEqual(ids)
  expect(newClaim()).toBeLessThan(2n ** 63n)
})
