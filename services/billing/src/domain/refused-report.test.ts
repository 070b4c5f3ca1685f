import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextReport, reportIdentifier } from './meter-report.ts'
import { refusalOf, type RefusedMetering } from './refused-report.ts'

const minuteMs = 60_000
const settled: RefusedMetering = { quantity: 5, reported: 5, pending: undefined, number: 2, last: 3, attempts: 1 }

test('the latest report is taken back, and what it said is reported under the next number', () => {
  const refusal = refusalOf(settled, 2)
  expect(refusal).toEqual({ kind: 'taken_back', quantity: 3, reported: 2, waitMs: 30 * minuteMs })
  expect(nextReport({ ...settled, reported: 2 })).toEqual({ number: 3, quantity: 3 })
})

test.each<[string, Partial<RefusedMetering>, number, string]>([
  ['one that was never sent', {}, 3, 'unknown'],
  ['one of a record that was never reported', { number: 0, reported: 0, last: undefined }, 1, 'unknown'],
  ['one with another after it', {}, 1, 'superseded'],
  ['one with another under way after it', { number: 3, pending: 1 }, 2, 'superseded'],
  ['one that is still being sent', { pending: 1 }, 2, 'under_way'],
  ['one that was taken back before', { last: 0, reported: 2 }, 2, 'known'],
  ['one that was sent more than once', { attempts: 2 }, 2, 'perhaps_counted'],
  ['one of before quantities were kept', { last: undefined }, 2, 'no_quantity'],
])('%s changes nothing', (_, metering, refused, kind) => {
  expect(refusalOf({ ...settled, ...metering }, refused)).toEqual({ kind })
})

test('what a correction has made nothing of meanwhile is taken back and not reported again', () => {
  expect(refusalOf({ ...settled, quantity: 0, reported: 3 }, 2)).toMatchObject({ kind: 'taken_back', reported: 0, waitMs: undefined })
})

test('each refusal of a record waits twice as long, six hours at most', () => {
  const waits = [1, 2, 3, 4, 5, 6, 4_000_000_000].map((number) => refusalOf({ ...settled, number }, number))
  expect(waits.map((refusal) => refusal.kind === 'taken_back' && (refusal.waitMs ?? 0) / minuteMs)).toEqual([
    15, 30, 60, 120, 240, 360, 360,
  ])
})

test('whatever is refused, amended and told twice, the meter ends with what was used', () => {
  const step = fc.record({ more: fc.nat({ max: 5 }), refused: fc.boolean(), told: fc.integer({ min: 1, max: 3 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const meter = new Map<string, number>()
      let state: RefusedMetering = { quantity: 1, reported: 0, pending: undefined, number: 0, last: undefined, attempts: 1 }
      const report = (refused: boolean) => {
        const next = nextReport(state)
        if (!next) return false
        state = { ...state, number: next.number, reported: state.reported + next.quantity, last: next.quantity }
        expect(meter.has(reportIdentifier('usg_1', next.number))).toBe(false)
        meter.set(reportIdentifier('usg_1', next.number), refused ? 0 : next.quantity)
        return refused
      }
      for (const { more, refused, told } of steps) {
        state = { ...state, quantity: state.quantity + more }
        if (!report(refused)) continue
        for (let time = 0; time < told; time++) {
          const refusal = refusalOf(state, state.number)
          if (refusal.kind === 'taken_back') state = { ...state, reported: refusal.reported, last: 0 }
        }
      }
      report(false)
      expect([...meter.values()].reduce((sum, value) => sum + value, 0)).toBe(state.quantity)
    }),
  )
})
