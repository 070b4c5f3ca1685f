import fc from 'fast-check'
import { expect, test } from 'vitest'
import { begunMinutes, countUse, type Use, type UsageRecord } from './usage.ts'

const usedAt = new Date('2026-05-01T09:00:00Z')
const use = (overrides: Partial<Use> = {}): Use => ({
  kind: 'call_minutes',
  quantity: 3,
  entityId: 'call-1',
  eventId: 'e1',
  revision: 1,
  usedAt,
  ...overrides,
})
const newId = () => 'usg_1'

test.each([
  [undefined, 0],
  [0, 0],
  [1, 1],
  [60_000, 1],
  [60_001, 2],
])('a call of %s ms has %i begun minutes', (durationMs, minutes) => {
  expect(begunMinutes(durationMs)).toBe(minutes)
})

test('a use is recorded once, and told', () => {
  const { record, ...rest } = countUse(newId, undefined, use())
  expect(rest).toEqual({ change: 'recorded', told: true })
  expect(countUse(newId, record, use())).toEqual({ change: 'ignored', record, told: false })
})

test('a higher revision of its event amends it, a second event about the same call does not', () => {
  const { record } = countUse(newId, undefined, use())
  expect(countUse(newId, record, use({ revision: 2, quantity: 0 }))).toEqual({
    change: 'amended',
    record: { id: 'usg_1', ...use({ revision: 2, quantity: 0 }) },
    told: true,
  })
  expect(countUse(newId, record, use({ eventId: 'e2', revision: 9 }))).toEqual({ change: 'ignored', record, told: false })
})

test('what counts nothing leaves no record, unless a late first revision could still count', () => {
  expect(countUse(newId, undefined, use({ quantity: 0 }))).toEqual({ change: 'ignored', record: undefined, told: false })
  const { record, told } = countUse(newId, undefined, use({ quantity: 0, revision: 2 }))
  expect(told).toBe(false)
  expect(countUse(newId, record, use())).toMatchObject({ change: 'ignored', record: { quantity: 0 } })
})

test('revisions in any order and multiplicity end in the highest', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 20 }), (revisions) => {
      let record: UsageRecord | undefined
      for (const revision of revisions) record = countUse(newId, record, use({ revision, quantity: revision * 10 })).record
      expect(record?.quantity).toBe(Math.max(...revisions) * 10)
    }),
  )
})
