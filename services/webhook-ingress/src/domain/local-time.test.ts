import { expect, test } from 'vitest'
import { instantAt } from './local-time.ts'

test.each([
  ['2026-12-01T10:00', 'Europe/Berlin', '2026-12-01T09:00:00.000Z'],
  ['2026-07-01T10:00:30', 'Europe/Berlin', '2026-07-01T08:00:30.000Z'],
  // The morning and the evening of days on which the clock is set.
  ['2026-03-29T01:30', 'Europe/Berlin', '2026-03-29T00:30:00.000Z'],
  ['2026-03-29T10:00', 'Europe/Berlin', '2026-03-29T08:00:00.000Z'],
  ['2026-10-25T10:00', 'Europe/Berlin', '2026-10-25T09:00:00.000Z'],
  // Leapt over, and twice.
  ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
  ['2026-11-01T01:30', 'America/New_York', '2026-11-01T05:30:00.000Z'],
  ['2026-12-01T10:00', 'Asia/Kathmandu', '2026-12-01T04:15:00.000Z'],
  ['2026-12-01T00:00', 'UTC', '2026-12-01T00:00:00.000Z'],
])('%s in %s is %s', (local, timeZone, instant) => {
  expect(instantAt(local, timeZone).toISOString()).toBe(instant)
})
