import { expect, test } from 'vitest'
import { asOf } from './as-of.ts'

const receivedAt = new Date('2026-11-22T12:00:00Z')
const minutes = (count: number) => new Date(receivedAt.getTime() + count * 60_000)

test('the entity’s start counts as far as it is believable, and the receipt when there is none', () => {
  expect(asOf('retell', receivedAt, minutes(-90))).toEqual(minutes(-90))
  expect(asOf('retell', receivedAt, minutes(-181))).toEqual(minutes(-180))
  expect(asOf('retell', receivedAt, minutes(6))).toEqual(minutes(5))
  expect(asOf('stripe', receivedAt, minutes(-60 * 24 * 2))).toEqual(minutes(-60 * 24 * 2))
  expect(asOf('unheard_of', receivedAt, minutes(-60 * 48))).toEqual(minutes(-60 * 24))
  expect(asOf('retell', receivedAt, undefined)).toEqual(receivedAt)
})
