import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { evidenceKinds, type MatchedEvidence } from './evidence.ts'
import { doubtKey, matchWeight, shippedModel, worthOf } from './model.ts'
import { score } from './score.ts'

const rounding = 1e-12
const companies = ['A', 'B', 'C']
const anyPiece: fc.Arbitrary<MatchedEvidence> = fc.record({
  kind: fc.constantFrom(...evidenceKinds),
  value: fc.constantFrom('1', '2', '3', '4'),
  companyIds: fc.subarray(companies),
})
// A value has the same companies wherever it stands.
const anyEvidence = fc.uniqueArray(anyPiece, { maxLength: 10, selector: ({ kind, value }) => `${kind}:${value}` })
const context = { schemaViolations: [], isActive: () => true }
const decideOn = (evidence: readonly MatchedEvidence[]) => decide(score(evidence, shippedModel), context, shippedModel)
const posteriorOf = (evidence: readonly MatchedEvidence[], company: string) =>
  score(evidence, shippedModel).candidates.find(({ companyId }) => companyId === company)?.posterior ?? 0
const trusted = ({ kind, companyIds }: MatchedEvidence) => shippedModel.kinds[kind].trusted && companyIds.length > 0

test('the posterior of the candidates and of none sums to 1, after every piece', () => {
  fc.assert(
    fc.property(anyEvidence, (evidence) => {
      const { candidates, nonePosterior, waterfall } = score(evidence, shippedModel)
      expect(candidates.reduce((sum, { posterior }) => sum + posterior, nonePosterior)).toBeCloseTo(1, 12)
      for (const { running } of waterfall)
        expect(running.reduce((sum, { posterior }) => sum + posterior, 0)).toBeLessThanOrEqual(1 + rounding)
      expect(waterfall.at(-1)?.running ?? []).toEqual(candidates)
    }),
  )
})

test('neither the order of the evidence nor its repetition changes anything', () => {
  fc.assert(
    fc.property(
      anyEvidence.chain((evidence) =>
        fc.tuple(fc.constant(evidence), fc.shuffledSubarray(evidence, { minLength: evidence.length }), fc.subarray(evidence)),
      ),
      ([evidence, shuffled, repeated]) => {
        expect(score([...shuffled, ...repeated], shippedModel)).toEqual(score(evidence, shippedModel))
        expect(decideOn([...shuffled, ...repeated])).toEqual(decideOn(evidence))
      },
    ),
  )
})

test('one more piece for a company never lowers it, and never raises another', () => {
  fc.assert(
    fc.property(anyEvidence, fc.constantFrom(...evidenceKinds), fc.constantFrom(...companies), (evidence, kind, company) => {
      const more = [...evidence, { kind, value: 'new', companyIds: [company] }]
      expect(posteriorOf(more, company)).toBeGreaterThanOrEqual(posteriorOf(evidence, company) - rounding)
      for (const other of companies.filter((one) => one !== company)) {
        expect(posteriorOf(more, other)).toBeLessThanOrEqual(posteriorOf(evidence, other) + rounding)
      }
    }),
  )
})

test('a value in doubt speaks less for its company than another of its kind, and never against it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...evidenceKinds), fc.double({ min: 0, max: 1, noNaN: true }), anyEvidence, (kind, misled, evidence) => {
      const piece: MatchedEvidence = { kind, value: 'doubted', companyIds: ['A'] }
      const { m, u } = shippedModel.kinds[kind]
      const doubting = { ...shippedModel, doubts: { [doubtKey(piece)]: u + misled * (m - u) } }
      expect(matchWeight(worthOf(doubting, piece), 1, 1)).toBeLessThanOrEqual(matchWeight(worthOf(shippedModel, piece), 1, 1) + rounding)
      expect(matchWeight(worthOf(doubting, piece), 1, 1)).toBeGreaterThanOrEqual(-rounding)
      const { candidates, nonePosterior } = score([...evidence, piece], doubting)
      expect(candidates.reduce((sum, { posterior }) => sum + posterior, nonePosterior)).toBeCloseTo(1, 12)
    }),
  )
})

test('a value that the directory does not know raises no company', () => {
  fc.assert(
    fc.property(anyEvidence, fc.constantFrom(...evidenceKinds), fc.constantFrom(...companies), (evidence, kind, company) => {
      const more = [...evidence, { kind, value: 'new', companyIds: [] }]
      expect(posteriorOf(more, company)).toBeLessThanOrEqual(posteriorOf(evidence, company) + rounding)
    }),
  )
})

test('an attributed company is named by every known trusted signal, and its posterior is above the threshold', () => {
  fc.assert(
    fc.property(anyEvidence, (evidence) => {
      const decision = decideOn(evidence)
      if (decision.kind !== 'attributed') return
      expect(decision.confidence).toBeGreaterThanOrEqual(shippedModel.minConfidence)
      for (const { companyIds } of evidence.filter(trusted)) expect(companyIds).toContain(decision.companyId)
    }),
  )
})

test('untrusted evidence, the entity’s first attribution included, never turns a trusted signal’s company into another', () => {
  fc.assert(
    fc.property(anyEvidence, fc.constantFrom(...companies), (evidence, company) => {
      const kept = evidence.filter((piece) => !trusted(piece))
      const decision = decideOn([...kept, { kind: 'phone_number', value: 'new', companyIds: [company] }])
      if (decision.kind === 'attributed') expect(decision.companyId).toBe(company)
    }),
  )
})

test('a delivery under a connection that vouches for nobody is never attributed', () => {
  fc.assert(
    fc.property(anyEvidence, (evidence) => {
      expect(decideOn([...evidence, { kind: 'connection', value: 'gone', companyIds: [] }]).kind).toBe('quarantined')
    }),
  )
})

test('the decision is the same whatever the companies are called', () => {
  const renamed = new Map([
    ['A', 'Z'],
    ['B', 'A'],
    ['C', 'M'],
  ])
  fc.assert(
    fc.property(anyEvidence, (evidence) => {
      const rename = (companyId: string) => renamed.get(companyId) ?? companyId
      const decision = decideOn(evidence)
      const expected = decision.kind === 'attributed' ? { ...decision, companyId: rename(decision.companyId) } : decision
      const other = decideOn(evidence.map((piece) => ({ ...piece, companyIds: piece.companyIds.map(rename) })))
      if (expected.kind === 'attributed' && other.kind === 'attributed') {
        expect(other.companyId).toBe(expected.companyId)
        expect(other.confidence).toBeCloseTo(expected.confidence, 12)
      } else {
        expect(other).toEqual(expected)
      }
    }),
  )
})

test('the shipped weights keep their promises: every kind speaks for its company, and the entity less than any trusted kind', () => {
  for (const kind of evidenceKinds) {
    const { m, u, trusted: isTrusted } = shippedModel.kinds[kind]
    expect(m).toBeGreaterThan(u)
    if (isTrusted) expect(m / u).toBeGreaterThan(shippedModel.kinds.entity.m / shippedModel.kinds.entity.u)
  }
})
