import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mayCountTwice, type Metering, meterTime, namedReport, nextReport, reportIdentifier } from './meter-report.ts'

const now = new Date('2026-05-01T09:00:00Z')
const minutes = (count: number) => new Date(now.getTime() + count * 60_000)

test('nothing is reported of what the meter has, or has too much of', () => {
  expect(nextReport({ quantity: 3, reported: 3, pending: undefined, number: 1 })).toBeUndefined()
  expect(nextReport({ quantity: 2, reported: 3, pending: undefined, number: 1 })).toBeUndefined()
})

test('a report under way stays what it is, however its record is amended', () => {
  expect(nextReport({ quantity: 9, reported: 0, pending: 3, number: 1 })).toEqual({ number: 1, quantity: 3 })
})

test('amendments and crashes between send and mark leave the meter with the highest quantity that was ever sent', () => {
  const step = fc.record({ quantity: fc.integer({ min: 0, max: 50 }), lost: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const meter = new Map<string, number>()
      let state: Metering = { quantity: 0, reported: 0, pending: undefined, number: 0 }
      const send = (lost: boolean) => {
        const report = nextReport(state)
        if (!report) return
        const identifier = reportIdentifier('usg_1', report.number)
        expect(meter.get(identifier) ?? report.quantity).toBe(report.quantity)
        meter.set(identifier, report.quantity)
        const { quantity, reported } = state
        state = lost
          ? { ...state, pending: report.quantity, number: report.number }
          : { quantity, reported: reported + report.quantity, pending: undefined, number: report.number }
      }
      let highest = 0
      for (const { quantity, lost } of steps) {
        state = { ...state, quantity }
        send(lost)
      }
      send(false)
      send(false)
      const told = [...meter.values()].reduce((sum, value) => sum + value, 0)
      for (const { quantity } of steps) highest = Math.max(highest, quantity)
      expect(told).toBe(state.reported)
      expect(told).toBeGreaterThanOrEqual(state.quantity)
      expect(told).toBeLessThanOrEqual(highest)
    }),
  )
})

test('the first report is called as its record, a later one by its number', () => {
  expect([reportIdentifier('usg_1', 1), reportIdentifier('usg_1', 2)]).toEqual(['usg_1', 'usg_1.2'])
})

test('an identifier says which report it names', () => {
  const usageId = 'usg_01h455vb4pex5vsknk084sn02q'
  for (const number of [1, 2, 10, 999_999_999]) {
    expect(namedReport(reportIdentifier(usageId, number))).toEqual({ usageId, number })
  }
})

test.each([
  '',
  'usg_',
  'usg_1.1',
  'usg_1.0',
  'usg_1.02',
  'usg_1.-2',
  'usg_1.2.3',
  'usg_1.2 ',
  'usg_1\n',
  'usg_1.1234567890',
  'USG_1',
  'usg_é',
  ' usg_1',
  'cmp_1',
  `usg_${'0'.repeat(37)}`,
  "usg_1' or 1=1 --",
])('%j names no report', (identifier) => {
  expect(namedReport(identifier)).toBeUndefined()
})

test('a time that the meter does not take becomes the nearest that it does', () => {
  expect(meterTime(minutes(-10), now)).toEqual({ at: minutes(-10), clamped: false })
  expect(meterTime(minutes(10), now)).toEqual({ at: minutes(4), clamped: true })
  const days = 24 * 60
  expect(meterTime(minutes(-36 * days), now)).toEqual({ at: minutes(-35 * days + 60), clamped: true })
})

test.each([
  [1, 48 * 60, false],
  [2, 24 * 60 - 1, false],
  [2, 24 * 60, true],
])('a try number %i after %i minutes may count twice: %s', (attempts, waited, expected) => {
  expect(mayCountTwice({ attempts, waitsSince: minutes(-waited) }, now)).toBe(expected)
})
