import { expect, test } from 'vitest'
import type { Adjudication } from './adjudication.ts'
import { lossOf, meanLoss } from './forecast.ts'
import { shippedModel } from './model.ts'
import { fitForecasts } from './refit.ts'
import type { MatchedEvidence } from './evidence.ts'
import { attributedShare, objectionTo, splitsOf, type Trial } from './trial.ts'

const phone = (...companyIds: string[]): MatchedEvidence => ({ kind: 'phone_number', value: `p${companyIds.join()}`, companyIds })
const email = (...companyIds: string[]): MatchedEvidence => ({ kind: 'organizer_email', value: `e${companyIds.join()}`, companyIds })
const labels = (count: number, companyId: string | undefined, evidence: readonly MatchedEvidence[], propensity = 1): Adjudication[] =>
  Array.from({ length: count }, () => ({ evidence, companyId, propensity }))

test('a forecast costs −ln of what it gave to what turned out: the best company, another one, or none of them', () => {
  const shared = [phone('A', 'B')]
  const even = meanLoss([lossOf(labels(1, 'A', shared), shippedModel)])
  expect(even.logLoss).toBeCloseTo(Math.LN2, 2)
  expect(even.brier).toBeCloseTo(0.25, 2)
  expect(meanLoss([lossOf(labels(1, 'B', shared), shippedModel)]).logLoss).toBeCloseTo(Math.LN2, 2)
  const [sure, wrong] = [labels(1, 'A', [phone('A')]), labels(1, undefined, [phone('A')])].map((one) =>
    meanLoss([lossOf(one, shippedModel)]),
  )
  expect(sure?.logLoss).toBeLessThan(0.001)
  // One stranger in 1,000 brings a number of ours.
  expect(wrong?.logLoss).toBeCloseTo(6.9, 0)
  expect(wrong?.brier).toBeCloseTo(1, 2)
  expect(meanLoss([lossOf(labels(5, undefined, [phone()]), shippedModel)])).toEqual({ logLoss: 0, brier: 0 })
  expect(meanLoss([])).toEqual({ logLoss: 0, brier: 0 })
})

test('a calibration takes from the best company what it gives to the others and to none, in proportion', () => {
  const doubtful = { ...shippedModel, calibration: { 'phone_number own, organizer_email others’': -3 } }
  const given = (companyId: string | undefined) => Math.exp(-lossOf(labels(1, companyId, [phone('A'), email('B')]), doubtful).log)
  expect(given('A') + given('B') + given(undefined)).toBeCloseTo(1, 9)
  expect(given('A')).toBeLessThan(Math.exp(-lossOf(labels(1, 'A', [phone('A'), email('B')]), shippedModel).log))
})

test('an audit counts for the 500 events that it stands for', () => {
  const [right, wrong] = [labels(1, 'A', [phone('A')], 0.002), labels(1, 'B', [phone('A')])]
  const both = meanLoss([lossOf([...right, ...wrong], shippedModel)])
  expect(both.brier).toBeCloseTo(1 / 501, 4)
  expect(meanLoss([lossOf(right, shippedModel), lossOf(wrong, shippedModel)])).toEqual(both)
})

test('each label is held out once and never fitted on meanwhile, and what the model in force has seen judges nobody', () => {
  const all = Array.from({ length: 103 }, (_, index) => ({ evidence: [], companyId: String(index), propensity: 1 }))
  for (const seen of [0, 3, 99, 102]) {
    const splits = splitsOf(all, seen)
    expect(splits.flatMap(({ held }) => held)).toEqual(all.slice(seen))
    for (const { held, others } of splits) {
      expect(held.length + others.length).toBe(all.length)
      expect(others.some((label) => held.includes(label))).toBe(false)
    }
  }
  expect(splitsOf(all, 0)).toHaveLength(5)
  expect(splitsOf(all, 103)).toEqual([])
})

const fine: Trial = {
  against: 'shipped-4',
  labels: 500,
  inForce: { logLoss: 0.2, brier: 0.1 },
  fitted: { logLoss: 0.2, brier: 0.1 },
  attributedShare: { inForce: 0.98, fitted: 0.94 },
}

test('a fit that foretells no worse and attributes about as much comes into force, any other does not, and is told why', () => {
  expect(objectionTo(fine)).toBeUndefined()
  expect(objectionTo({ ...fine, fitted: { logLoss: 0.21, brier: 0 } })).toBe(
    'it foretells 500 labels that neither was fitted on worse: log loss 0.2100, of shipped-4 0.2000',
  )
  expect(objectionTo({ ...fine, attributedShare: { inForce: 0.98, fitted: 0.92 } })).toBe(
    'it would attribute 92.0% of recent events where shipped-4 attributes 98.0%',
  )
  expect(objectionTo({ ...fine, attributedShare: { inForce: 0.5, fitted: 0.98 } })).toBeUndefined()
  expect(objectionTo({ ...fine, labels: 50 })).toBeUndefined()
  expect(objectionTo({ ...fine, labels: 49 })).toBe('it was judged by 49 labels only')
})

test('labels that say one thing for a while and then its contrary teach nothing: the fit is worse on what it has not seen', () => {
  const turned = [...labels(100, 'B', [phone('A')]), ...labels(400, 'A', [phone('A')])]
  const splits = splitsOf(turned, 0)
  const fitted = splits.map(({ held, others }) => lossOf(held, fitForecasts({ labels: others, companies: 2 }, shippedModel, 'fitted-1')))
  const inForce = splits.map(({ held }) => lossOf(held, shippedModel))
  expect(meanLoss(fitted).logLoss).toBeGreaterThan(meanLoss(inForce).logLoss)
  // Had it seen them, it would look better.
  const seen = lossOf(turned, fitForecasts({ labels: turned, companies: 2 }, shippedModel, 'fitted-1'))
  expect(meanLoss([seen]).logLoss).toBeLessThan(meanLoss(inForce).logLoss)
})

test('the share that a model attributes is of all recent events', () => {
  expect(attributedShare([[phone('A')], [phone('A', 'B')], [phone()], []], shippedModel)).toBe(0.25)
  expect(attributedShare([], shippedModel)).toBe(0)
})
