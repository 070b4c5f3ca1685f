import { expect, test } from 'vitest'
import type { Adjudication } from './adjudication.ts'
import { auditPropensity } from './audit.ts'
import { confidenceIn } from './confidence.ts'
import { decide } from './decide.ts'
import type { MatchedEvidence } from './evidence.ts'
import { fitWeights } from './fit-weights.ts'
import { shippedModel } from './model.ts'
import { leastLabels, refit } from './refit.ts'
import { score } from './score.ts'

const phone = (...companyIds: string[]): MatchedEvidence => ({ kind: 'phone_number', value: `p${companyIds.join()}`, companyIds })
const agent = (...companyIds: string[]): MatchedEvidence => ({ kind: 'voice_agent', value: `a${companyIds.join()}`, companyIds })
const metadata = (...companyIds: string[]): MatchedEvidence => ({ kind: 'metadata', value: `m${companyIds.join()}`, companyIds })
const labels = (count: number, companyId: string | undefined, evidence: readonly MatchedEvidence[], propensity = 1): Adjudication[] =>
  Array.from({ length: count }, () => ({ evidence, companyId, propensity }))
const companies = 1_000
const context = { schemaViolations: [], isActive: () => true }
const decideBy = (model: typeof shippedModel, ...evidence: MatchedEvidence[]) => decide(score(evidence, model), context, model)

test('below 500 labels the shipped model stands, with its own version', () => {
  const few = labels(leastLabels - 1, 'A', [phone('A')])
  expect(refit({ labels: few, recent: [], companies }, shippedModel, 'fitted-1')).toBe(shippedModel)
  const enough = labels(leastLabels, 'A', [phone('A')])
  expect(refit({ labels: enough, recent: [], companies }, shippedModel, 'fitted-1')).toMatchObject({ version: 'fitted-1' })
})

test('a model is plain data: it comes back from JSON as it was', () => {
  const model = refit({ labels: labels(600, 'A', [phone('A')]), recent: [[phone('A')]], companies }, shippedModel, 'fitted-1')
  expect(JSON.parse(JSON.stringify(model))).toEqual(model)
})

test('weights are the shares of the labels, each standing for as many events as its propensity says', () => {
  const audited = auditPropensity
  const { kinds } = fitWeights(
    [
      ...labels(2_000, 'A', [phone('A')], audited),
      ...Array.from({ length: 2_000 }, (_, value) => labels(1, 'A', [{ ...phone('B'), value: String(value) }, agent('A')])).flat(),
      ...labels(6_000, 'A', [phone(), agent('A')]),
    ],
    companies,
    shippedModel,
  )
  // Of a million numbers 2,000 misled and 8,000 did not name A.
  expect(kinds.phone_number.u).toBeCloseTo(0.002, 3)
  expect(kinds.phone_number.m).toBeCloseTo(0.992, 3)
})

test('a value that misleads again and again is doubted by itself, and does not discredit its kind', () => {
  const wrong: MatchedEvidence = { kind: 'voice_agent', value: 'wrong', companyIds: ['B'] }
  const right = labels(100, 'A', [phone('A'), agent('A')], auditPropensity)
  // The same again and again, from the second quarter of the labels on.
  const fitted = fitWeights([...right, ...labels(300, 'A', [phone('A'), wrong])], companies, shippedModel)
  const { kinds, doubts } = fitted
  expect(kinds.voice_agent.u).toBeLessThan(0.002)
  expect(Object.keys(doubts)).toEqual(['voice_agent:wrong of B'])
  const model = { ...shippedModel, ...fitted }
  const posteriorOf = (piece: MatchedEvidence) => score([piece], model).candidates[0]?.posterior
  expect(posteriorOf(agent('B'))).toBeGreaterThan(0.99)
  expect(posteriorOf(wrong)).toBeLessThan(0.6)
  // Mended: the same value names another company now.
  expect(posteriorOf({ ...wrong, companyIds: ['A'] })).toBeGreaterThan(0.99)
})

test('a value that is right most of the time is doubted little', () => {
  const number = phone('A')
  const { doubts } = fitWeights([...labels(10, 'A', [number], auditPropensity), ...labels(50, 'C', [number])], companies, shippedModel)
  expect(doubts['phone_number:pA of A']).toBeLessThan(0.05)
})

test('that no stranger was seen with a known number does not mean that none ever has one', () => {
  const { kinds } = fitWeights(labels(1_000, undefined, [phone()]), companies, shippedModel)
  expect(kinds.phone_number.strangers).toBeGreaterThan(2e-4)
})

test('the first labels of a kind move it no further than the given weights allow, and a kind without labels stays', () => {
  const { kinds } = fitWeights(labels(1, 'A', [phone('B')]), companies, shippedModel)
  expect(kinds.phone_number.u).toBeCloseTo(1 / 3, 3)
  expect(kinds.voice_agent).toEqual(shippedModel.kinds.voice_agent)
})

test('however labels lie, no kind speaks against its own company', () => {
  const { kinds } = fitWeights(labels(5_000, 'A', [phone('B'), agent('B')]), companies, shippedModel)
  for (const { m, u, strangers } of Object.values(kinds)) {
    expect(m).toBeGreaterThanOrEqual(u)
    expect(m).toBeGreaterThanOrEqual(strangers)
    expect(strangers).toBeGreaterThanOrEqual(u)
  }
})

test('what first events of a call taught is not learned again from the later ones', () => {
  const entity: MatchedEvidence = { kind: 'entity', value: 'B', companyIds: ['B'] }
  expect(fitWeights(labels(5_000, 'A', [entity]), companies, shippedModel).kinds.entity).toEqual(shippedModel.kinds.entity)
})

test('metadata that turned out wrong again and again is no longer believed where it stands alone', () => {
  const wrong = labels(400, 'A', [metadata('B'), phone('A')])
  const right = [...labels(400, 'A', [metadata('A'), phone('A')]), ...labels(400, undefined, [phone(), agent()])]
  const recent = [...wrong, ...right].map(({ evidence }) => evidence)
  const model = refit({ labels: [...wrong, ...right], recent, companies }, shippedModel, 'fitted-1')
  expect(decideBy(shippedModel, metadata('B')).kind).toBe('attributed')
  expect(decideBy(model, metadata('B')).kind).toBe('quarantined')
  expect(decideBy(model, metadata('A'), phone('A')).kind).toBe('attributed')
})

test('fitted posteriors are as often right as they say', () => {
  // Of numbers whose agent nobody knows, three in four are their company's.
  const half = [...labels(900, 'A', [phone('A'), agent()]), ...labels(300, undefined, [phone('A'), agent()])]
  const sure = labels(20, 'A', [phone('A'), agent('A')], auditPropensity)
  const model = refit(
    { labels: [...half, ...sure, ...labels(800, undefined, [phone(), agent()])], recent: [], companies },
    shippedModel,
    'fitted-1',
  )
  const { candidates, waterfall } = score([phone('A'), agent()], model)
  const [best] = candidates
  expect(best && confidenceIn(best, waterfall, model)).toBeCloseTo(0.75, 1)
})

test('experience holds back what the evidence is sure of, and attributes nothing that it is not', () => {
  const bad = { ...shippedModel, calibration: { 'phone_number own': -6 } }
  expect(decideBy(bad, phone('A'))).toMatchObject({ kind: 'quarantined', reason: 'low_confidence' })
  // Another case, and another company's.
  expect(decideBy(bad, phone('A'), agent('A')).kind).toBe('attributed')
  expect(decideBy({ ...shippedModel, calibration: { 'phone_number own of A': -6 } }, phone('B')).kind).toBe('attributed')
  const team: MatchedEvidence = { kind: 'team', value: '7', companyIds: ['A'] }
  expect(decideBy({ ...shippedModel, calibration: { 'team own': 20 } }, team)).toMatchObject({ reason: 'low_confidence' })
})

test('each label counts once for its case, however many events it stands for', () => {
  const cases = [...labels(30, 'A', [phone('A'), agent()]), ...labels(30, undefined, [phone('A'), agent()])]
  const others = labels(500, undefined, [phone(), agent()])
  const fit = (audits: number, propensity: number) =>
    refit(
      { labels: [...cases, ...labels(audits, 'A', [phone('A'), agent()], propensity), ...others], recent: [], companies },
      shippedModel,
      'fitted-1',
    )
  const confidenceBy = (model: typeof shippedModel) => {
    const { candidates, waterfall } = score([phone('A'), agent()], model)
    return candidates[0] ? confidenceIn(candidates[0], waterfall, model) : 0
  }
  expect(confidenceBy(fit(1, auditPropensity))).toBeLessThan(0.6)
  expect(confidenceBy(fit(1, auditPropensity))).toBeCloseTo(confidenceBy(fit(1, 1)), 1)
})
