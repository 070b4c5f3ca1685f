import { expect, test } from 'vitest'
import { periodFrom } from './period.ts'

const seconds = (iso: string) => Date.parse(iso) / 1_000
const recurring = (interval: 'day' | 'week' | 'month' | 'year', count = 1) => ({
  interval,
  interval_count: count,
  meter: null,
  trial_period_days: null,
  usage_type: 'licensed' as const,
})

test.each([
  ['2026-01-31T10:00:00Z', recurring('month'), '2026-02-28T10:00:00Z'],
  ['2028-01-31T10:00:00Z', recurring('month'), '2028-02-29T10:00:00Z'],
  ['2026-12-15T23:59:59Z', recurring('month'), '2027-01-15T23:59:59Z'],
  ['2026-11-30T00:00:00Z', recurring('month', 3), '2027-02-28T00:00:00Z'],
  ['2028-02-29T00:00:00Z', recurring('year'), '2029-02-28T00:00:00Z'],
  ['2026-11-02T00:00:00Z', recurring('week', 2), '2026-11-16T00:00:00Z'],
  ['2026-11-02T00:00:00Z', recurring('day'), '2026-11-03T00:00:00Z'],
  ['2026-11-02T00:00:00Z', null, '2026-12-02T00:00:00Z'],
])('the period from %s ends when the calendar says', (start, price, end) => {
  expect(periodFrom(seconds(start), price)).toEqual({ start: seconds(start), end: seconds(end) })
})
