import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { auditPropensity, isDrawn } from './audit.ts'

test('the lot falls on as many as its chance says, and on the same ones each time', () => {
  const ids = Array.from({ length: 100_000 }, (_, index) => deriveEventId(['lot', String(index)]))
  const drawn = ids.filter(isDrawn)
  // Four standard deviations of a binomial around 200.
  expect(Math.abs(drawn.length - ids.length * auditPropensity)).toBeLessThan(57)
  expect(ids.filter(isDrawn)).toEqual(drawn)
})
