import { expect, test } from 'vitest'
import { binsOf, brierOf, calibrationError, calibrationNoise, ratesOf, riskCoverage, wilson } from './measures.ts'
import { createRandom } from './random.ts'

test('coverage counts the attributed of companies, wrong ones all that went astray, strangers’ too', () => {
  const rates = ratesOf([
    { truth: 'A', attributedTo: 'A' },
    { truth: 'A', attributedTo: 'B' },
    { truth: 'A', attributedTo: undefined },
    { truth: 'B', attributedTo: 'B' },
    { truth: undefined, attributedTo: 'A' },
    { truth: undefined, attributedTo: undefined },
  ])
  expect(rates).toMatchObject({ coverage: 0.75, wrongRate: 0.5, unknownAttributedRate: 0.5, wrong: 2, attributed: 4, unknown: 2 })
})

test('the calibration error weighs each bin’s distance by its events, and certain events are in none', () => {
  const forecasts = [
    ...Array.from({ length: 30 }, (_, index) => ({ probability: 0.5, right: index < 15 ? 1 : 0 })),
    ...Array.from({ length: 10 }, (_, index) => ({ probability: 0.92, right: index < 4 ? 1 : 0 })),
    { probability: 0.9995, right: 0 },
    { probability: 0.04, right: 1 },
  ]
  const bins = binsOf(forecasts)
  expect(bins.map(({ events }) => events)).toEqual([30, 10])
  expect(calibrationError(bins)).toBeCloseTo(0.25 * (0.92 - 0.4), 12)
})

test('chance alone gives true forecasts an error, the less the more there are, and certain events have none of it', () => {
  const forecasts = (count: number) => Array.from({ length: count }, () => ({ probability: 0.5, right: 1 }))
  const noise = (count: number) => calibrationNoise([...forecasts(count), { probability: 0.9999, right: 1 }], createRandom(1))
  // The mean distance of a binomial share from its mean: √(2/π) · √(p · (1 − p) / n).
  expect(noise(100)).toBeCloseTo(Math.sqrt(2 / Math.PI) * 0.05, 2)
  expect(noise(10_000)).toBeCloseTo(Math.sqrt(2 / Math.PI) * 0.005, 3)
})

test('Wilson’s interval is the textbook’s, and 0 of many is not surely 0', () => {
  const [low, high] = wilson(8, 10)
  expect([low.toFixed(3), high.toFixed(3)]).toEqual(['0.490', '0.943'])
  expect(wilson(0, 100)[1]).toBeCloseTo(0.037, 3)
  expect(wilson(0, 0)).toEqual([0, 1])
})

test('the Brier score is the mean squared distance', () => {
  expect(
    brierOf([
      { probability: 1, right: 1 },
      { probability: 0.5, right: 0 },
    ]),
  ).toBe(0.125)
})

test('the curve lets equal forecasts stand or fall together', () => {
  const forecast = (probability: number, isRight: boolean, isOwned = true) => ({ probability, right: isRight ? 1 : 0, isOwned })
  expect(riskCoverage([forecast(0.9, true), forecast(0.5, false), forecast(0.5, true), forecast(0.2, false, false)], 4)).toEqual([
    { threshold: 0.9, coverage: 0.25, risk: 0 },
    { threshold: 0.5, coverage: 0.75, risk: 1 / 3 },
    { threshold: 0.2, coverage: 0.75, risk: 0.5 },
  ])
})
