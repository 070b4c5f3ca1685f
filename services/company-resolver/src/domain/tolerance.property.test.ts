import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assumedThresholds, type Prospect, thresholdsBy } from './tolerance.ts'

const aProspect: fc.Arbitrary<Prospect> = fc
  .record({
    doubt: fc.double({ min: 0, max: 8, noNaN: true }),
    nobodys: fc.double({ min: 0, max: 1, noNaN: true }),
    isAttributable: fc.boolean(),
  })
  .map(({ doubt, nobodys, isAttributable }) => ({
    rightProbability: 1 - 10 ** -doubt,
    nobodysProbability: nobodys * 10 ** -doubt,
    isAttributable,
  }))
const prospects = fc.array(aProspect, { minLength: 1, maxLength: 200 })
const tolerances = fc.constantFrom(0.02, 0.01, 0.001, 1e-4)

/** What is expected if all above τ are attributed. */
function expected(all: readonly Prospect[], minConfidence: number) {
  const attributed = all.filter(({ rightProbability, isAttributable }) => isAttributable && rightProbability >= minConfidence)
  return {
    attributed: attributed.length,
    wrong: attributed.reduce((sum, { rightProbability }) => sum + 1 - rightProbability, 0),
    taken: attributed.reduce((sum, { nobodysProbability }) => sum + nobodysProbability, 0),
    nobodys: all.reduce((sum, { nobodysProbability }) => sum + nobodysProbability, 0),
  }
}

test('without experience τ and δ follow from the tolerance and how many attributions are uncertain', () => {
  const { minConfidence, minMargin } = assumedThresholds(1e-4, 1 / 500)
  expect(minConfidence).toBeCloseTo(0.95, 12)
  expect(minMargin).toBeCloseTo(0.9, 12)
})

test('what is attributed above τ is expected to be wrong no more often than is tolerated', () => {
  fc.assert(
    fc.property(prospects, tolerances, (all, tolerance) => {
      const { minConfidence } = thresholdsBy(all, tolerance)
      const { attributed, wrong } = expected(all, minConfidence)
      expect(wrong).toBeLessThanOrEqual(tolerance * attributed + 1e-9)
    }),
  )
})

test('below the strictest τ, what is nobody’s is expected to be attributed no more often than is tolerated', () => {
  fc.assert(
    fc.property(prospects, tolerances, (all, tolerance) => {
      const { minConfidence } = thresholdsBy(all, tolerance)
      const { taken, nobodys } = expected(all, minConfidence)
      if (minConfidence < 1 - tolerance) expect(taken).toBeLessThanOrEqual(tolerance * nobodys + 1e-9)
    }),
  )
})

test('events that are equally sure stand or fall together: what the tolerance has room for part of is not attributed', () => {
  const nobodys = Array.from({ length: 100 }, () => ({ rightProbability: 0, nobodysProbability: 1, isAttributable: false }))
  const sure = Array.from({ length: 100 }, () => ({ rightProbability: 0.9999, nobodysProbability: 1e-6, isAttributable: true }))
  const unsure = Array.from({ length: 100 }, () => ({ rightProbability: 0.995, nobodysProbability: 0.005, isAttributable: true }))
  const { minConfidence } = thresholdsBy([...nobodys, ...sure, ...unsure], 0.001)
  // A tenth of a stranger’s event is tolerated: 20 of the unsure ones are expected to make up as much.
  expect(expected([...nobodys, ...sure, ...unsure], minConfidence).attributed).toBe(100)
})

test('a stricter tolerance never attributes more, and τ stays between its bounds', () => {
  fc.assert(
    fc.property(prospects, (all) => {
      const strict = thresholdsBy(all, 1e-4)
      const lax = thresholdsBy(all, 0.01)
      expect(strict.minConfidence).toBeGreaterThanOrEqual(lax.minConfidence)
      expect(lax.minConfidence).toBeGreaterThanOrEqual(0.8)
      expect(strict.minConfidence).toBeLessThanOrEqual(1 - 1e-4)
    }),
  )
})

test('δ follows from τ: no second may have more than what the best leaves', () => {
  const { minConfidence, minMargin } = thresholdsBy([], 0.01)
  expect(minConfidence).toBe(0.99)
  expect((1 + minMargin) / 2).toBeCloseTo(0.99, 12)
})
