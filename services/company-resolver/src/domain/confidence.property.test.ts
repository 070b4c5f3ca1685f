import fc from 'fast-check'
import { expect, test } from 'vitest'
import { logit, sigmoid } from './calibration.ts'
import { caseOf, ownCaseOf } from './case.ts'
import { confidenceIn } from './confidence.ts'
import type { MatchedEvidence } from './evidence.ts'
import { fitCalibration, type Outcome } from './fit-calibration.ts'
import { shippedModel } from './model.ts'

const evidence: readonly MatchedEvidence[] = [
  { kind: 'phone_number', value: '+4930', companyIds: ['A'] },
  { kind: 'voice_agent', value: 'agent', companyIds: [] },
]
const aPosterior = fc.double({ min: 0, max: 1, noNaN: true })
const nats = fc.double({ min: -10, max: 10, noNaN: true })

/** The confidence in A by what became of such cases, and of its own. */
function confidence(posterior: number, ofCase: number, ofCompany: number): number {
  const calibration = { [caseOf(evidence, 'A')]: ofCase, [ownCaseOf(evidence, 'A')]: ofCompany }
  return confidenceIn({ companyId: 'A', posterior }, evidence, { ...shippedModel, calibration })
}

const outcome = (company: string, posterior: number, right: number): Outcome => ({
  posterior,
  right,
  case: 'c',
  ownCase: `c of ${company}`,
})
const outcomes = (company: string, posterior: number, count: number, right: number): Outcome[] =>
  Array.from({ length: count }, (_, index) => outcome(company, posterior, index < right ? 1 : 0))
/** What is left of a posterior of a company's after the outcomes. */
function after(given: readonly Outcome[], company: string, posterior: number): number {
  const fitted = fitCalibration(given)
  return sigmoid(logit(posterior) + (fitted['c'] ?? 0) + (fitted[`c of ${company}`] ?? 0))
}

test('a confidence is a probability, for posteriors of 0 and 1 too, and a greater posterior is never less', () => {
  fc.assert(
    fc.property(aPosterior, aPosterior, nats, nats, (a, b, ofCase, ofCompany) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)].map((posterior) => confidence(posterior, ofCase, ofCompany))
      expect(low).toBeGreaterThanOrEqual(0)
      expect(high).toBeLessThanOrEqual(1)
      expect(high).toBeGreaterThanOrEqual(low ?? Number.NaN)
    }),
  )
})

test('without outcomes a posterior is worth what it says, exactly', () => {
  fc.assert(
    fc.property(aPosterior, (posterior) => {
      expect(confidenceIn({ companyId: 'A', posterior }, evidence, shippedModel)).toBe(posterior)
    }),
  )
  expect(fitCalibration([])).toEqual({})
})

test('a case is what the evidence says of a company, whatever its values', () => {
  const others = evidence.map((piece) => ({ ...piece, value: 'other' }))
  expect(caseOf(others, 'A')).toBe(caseOf(evidence, 'A'))
  expect(caseOf(evidence, 'A')).toBe('phone_number own, voice_agent unknown')
  expect(caseOf([{ kind: 'phone_number', value: '1', companyIds: ['A', 'B'] }], 'A')).toBe('phone_number shared')
  expect(caseOf(evidence, 'B')).toBe('phone_number others’, voice_agent unknown')
})

test('with enough outcomes a case is worth the share of them that was right, whatever the posterior said', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.02, max: 0.98, noNaN: true }), fc.integer({ min: 50, max: 950 }), (posterior, right) => {
      expect(after(outcomes('A', posterior, 1_000, right), 'A', posterior)).toBeCloseTo(right / 1_000, 1)
    }),
    { numRuns: 50 },
  )
})

test('a company is judged by its own outcomes the more it has, and without any by those of all', () => {
  const ofAll = ['B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K'].flatMap((company) => outcomes(company, 0.5, 10, 9))
  const few = after([...ofAll, ...outcomes('A', 0.5, 1, 0)], 'A', 0.5)
  const many = after([...ofAll, ...outcomes('A', 0.5, 100, 0)], 'A', 0.5)
  expect(after(ofAll, 'A', 0.5)).toBeGreaterThan(0.75)
  expect(few).toBeLessThan(after(ofAll, 'A', 0.5))
  expect(few).toBeGreaterThan(0.1)
  expect(many).toBeLessThan(0.05)
})

test('for a company that has no outcomes each other counts once, however busy it is', () => {
  const quiet = ['B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K'].flatMap((company) => outcomes(company, 0.5, 1, 1))
  expect(after([...quiet, ...outcomes('L', 0.5, 1_000, 0)], 'A', 0.5)).toBeGreaterThan(0.75)
})

test('whatever the outcomes, each intercept is finite, and outcomes as sure as their posteriors change hardly anything', () => {
  const anOutcome = fc.record({ company: fc.constantFrom('A', 'B', 'C'), posterior: aPosterior, right: fc.constantFrom(0, 0.5, 1) })
  fc.assert(
    fc.property(fc.array(anOutcome, { maxLength: 60 }), (some) => {
      const fitted = fitCalibration(some.map(({ company, posterior, right }) => outcome(company, posterior, right)))
      for (const intercept of Object.values(fitted)) expect(Number.isFinite(intercept)).toBe(true)
    }),
  )
  for (const intercept of Object.values(fitCalibration(outcomes('A', 0.8, 100, 80)))) expect(intercept).toBeCloseTo(0, 6)
})

test('log-odds of certainty are finite', () => {
  expect([logit(0), logit(0.5), logit(1)]).toEqual([-36, 0, 36])
})
