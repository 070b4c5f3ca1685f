import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calibrate, type Calibration, logit, uncalibrate, uncalibrated } from './calibration.ts'
import { fitCalibration, type Outcome } from './fit-calibration.ts'

const aCalibration: fc.Arbitrary<Calibration> = fc.record({
  slope: fc.double({ min: 0.1, max: 5, noNaN: true }),
  intercept: fc.double({ min: -5, max: 5, noNaN: true }),
})
const aPosterior = fc.double({ min: 0, max: 1, noNaN: true })
const outcomes = fc.array(
  fc.record({ posterior: aPosterior, isRight: fc.boolean(), weight: fc.double({ min: 0.1, max: 500, noNaN: true }) }),
  {
    maxLength: 40,
  },
)

/** As many right ones at each posterior as the calibration says. */
function trueTo(calibration: Calibration, each = 10_000): Outcome[] {
  return [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 0.999].flatMap((posterior) => {
    const right = calibrate(calibration, posterior)
    return [
      { posterior, isRight: true, weight: each * right },
      { posterior, isRight: false, weight: each * (1 - right) },
    ]
  })
}

test('a calibrated posterior is a probability, for 0 and 1 too, and a greater posterior is never less', () => {
  fc.assert(
    fc.property(aCalibration, aPosterior, aPosterior, (calibration, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)].map((posterior) => calibrate(calibration, posterior))
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeLessThanOrEqual(1)
      expect(high).toBeGreaterThanOrEqual(low ?? Number.NaN)
    }),
  )
})

test('without a fit a posterior is worth what it says, exactly', () => {
  fc.assert(
    fc.property(aPosterior, (posterior) => {
      expect(calibrate(uncalibrated, posterior)).toBe(posterior)
    }),
  )
})

test('what a probability came from is found again', () => {
  fc.assert(
    fc.property(aCalibration, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (calibration, posterior) => {
      const there = calibrate(calibration, posterior)
      fc.pre(there > 1e-9 && there < 1 - 1e-9)
      expect(uncalibrate(calibration, there)).toBeCloseTo(posterior, 4)
    }),
  )
})

test('a fit finds the calibration by which the outcomes came about', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.3, max: 2, noNaN: true }), fc.double({ min: -1.5, max: 1.5, noNaN: true }), (slope, intercept) => {
      const fitted = fitCalibration(trueTo({ slope, intercept }), uncalibrated)
      expect(fitted.slope).toBeCloseTo(slope, 1)
      expect(fitted.intercept).toBeCloseTo(intercept, 1)
    }),
    { numRuns: 30 },
  )
})

test('overconfident posteriors are taken down: of 0.99 that is right two times in three, two thirds are left', () => {
  const outcomesAt = (posterior: number, right: number): Outcome[] => [
    { posterior, isRight: true, weight: 1_000 * right },
    { posterior, isRight: false, weight: 1_000 * (1 - right) },
  ]
  const fitted = fitCalibration([...outcomesAt(0.99, 0.66), ...outcomesAt(0.01, 0.34)], uncalibrated)
  expect(calibrate(fitted, 0.99)).toBeCloseTo(0.66, 1)
})

test('whatever the outcomes, a fit ends with finite parameters that rise, and no outcomes leave what was', () => {
  fc.assert(
    fc.property(outcomes, (some) => {
      const { slope, intercept } = fitCalibration(some, uncalibrated)
      expect(slope).toBeGreaterThan(0)
      expect(Number.isFinite(slope) && Number.isFinite(intercept)).toBe(true)
    }),
  )
  expect(fitCalibration([], uncalibrated)).toEqual(uncalibrated)
})

test('an outcome of weight 2 is two outcomes', () => {
  fc.assert(
    fc.property(outcomes, (some) => {
      const doubled = fitCalibration(
        some.map((outcome) => ({ ...outcome, weight: 2 * outcome.weight })),
        uncalibrated,
      )
      const repeated = fitCalibration([...some, ...some], uncalibrated)
      expect(doubled.slope).toBeCloseTo(repeated.slope, 3)
      expect(doubled.intercept).toBeCloseTo(repeated.intercept, 3)
    }),
  )
})

test('log-odds of certainty are finite', () => {
  expect([logit(0), logit(0.5), logit(1)]).toEqual([-36, 0, 36])
})
