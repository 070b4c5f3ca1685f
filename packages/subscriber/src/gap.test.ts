import { expect, test } from 'vitest'
import { anchorOf, placeOf, verdictOf } from './gap.ts'
import type { Place } from './gap.ts'

const dayMs = 24 * 60 * 60 * 1_000
const now = new Date('2026-11-25T12:00:00.000Z')
const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs)
const at = (sequence: bigint, eventId = `m${sequence}`) => ({ sequence, eventId, storedAt: daysAgo(1) })
const place = (overrides: Partial<Place> = {}): Place => ({
  sequence: 10n,
  eventId: 'm10',
  storedAt: daysAgo(1),
  caughtUpAt: daysAgo(0.5),
  ...overrides,
})
const old = { storedAt: daysAgo(8) }

test.each([
  ['nothing was ever seen', { place: place({ sequence: 0n }), atPlace: at(4n), first: at(4n) }, 'whole'],
  ['what was seen is there', { place: place(), atPlace: at(10n), first: at(3n) }, 'whole'],
  ['what was seen is there, by sequence alone', { place: place({ eventId: undefined }), atPlace: at(10n), first: at(3n) }, 'whole'],
  ['another message stands in its place', { place: place(), atPlace: at(10n, 'x'), first: at(3n) }, 'lost'],
  ['the stream ends before it', { place: place(), atPlace: undefined, first: at(3n) }, 'lost'],
  ['it is missing between others', { place: place(), atPlace: at(12n), first: at(3n) }, 'lost'],
  ['the stream is empty and should not be', { place: place(), atPlace: undefined, first: undefined }, 'lost'],
  [
    'the stream is empty, since nothing came for longer than it keeps',
    { place: place(old), atPlace: undefined, first: undefined },
    'whole',
  ],
  ['it left by age, and we were there all the time', { place: place(old), atPlace: at(20n), first: at(20n) }, 'whole'],
  [
    'it left by age while we were away',
    { place: place({ ...old, caughtUpAt: daysAgo(8) }), atPlace: at(20n), first: at(20n) },
    'forgotten',
  ],
  [
    'it left by age, and we never caught up',
    { place: place({ ...old, caughtUpAt: undefined }), atPlace: at(20n), first: at(20n) },
    'forgotten',
  ],
  ['it left before its age', { place: place(), atPlace: at(20n), first: at(20n) }, 'forgotten'],
] as const)('%s', (_, look, verdict) => {
  expect(verdictOf({ ...look, now, maxAgeMs: 7 * dayMs })).toBe(verdict)
})

test('an anchor leads back to its place', () => {
  expect(placeOf(anchorOf(at(10n), now))).toEqual({ ...at(10n), caughtUpAt: now })
  expect(placeOf(anchorOf(at(10n), undefined)).caughtUpAt).toBeUndefined()
})
