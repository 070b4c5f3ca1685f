import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decision } from './decide.ts'
import type { MatchedEvidence } from './evidence.ts'
import { shippedModel } from './model.ts'
import { score } from './score.ts'
import { seenBy } from './seen-by.ts'

const own = new Set(['A'])
const weighed = (evidence: readonly MatchedEvidence[], confidence: number) => {
  const scored = score(evidence, shippedModel)
  const decision: Decision = { kind: 'attributed', companyId: 'A', confidence }
  return { ...scored, decision, modelVersion: shippedModel.version }
}
const phone = (...companyIds: string[]): MatchedEvidence => ({ kind: 'phone_number', value: '+4930100009', companyIds })
const agent = (...companyIds: string[]): MatchedEvidence => ({ kind: 'voice_agent', value: 'agent_a', companyIds })
const email = (...companyIds: string[]): MatchedEvidence => ({ kind: 'organizer_email', value: 'ada@example.com', companyIds })

test.each([
  ['a number that it shares', [phone('A', 'B'), agent('A')], [phone('A'), agent('A')]],
  ['a value that is a rival’s alone', [phone('A'), email('B', 'C')], [phone('A'), email()]],
])('of %s a company reads the very same as if the rival did not exist', (_, withRival, without) => {
  const kept = weighed(withRival, 0.96)
  const alone = weighed(without, 0.96)
  expect(kept.nonePosterior).not.toBe(alone.nonePosterior)
  expect(seenBy(own, kept, shippedModel)).toEqual(seenBy(own, alone, shippedModel))
  expect(seenBy(own, kept, shippedModel)).toMatchObject({ ...score(without, shippedModel), modelVersion: 'shipped-4' })
})

test('whatever was shared, the numbers that a company reads are of a world without the others', () => {
  const companies = fc.uniqueArray(fc.constantFrom('A', 'B', 'C'))
  const evidence = fc.tuple(companies, companies, companies).map(([a, b, c]) => [phone(...a), agent(...b), email(...c)])
  fc.assert(
    fc.property(evidence, (pieces) => {
      const without = pieces.map((piece) => ({ ...piece, companyIds: piece.companyIds.filter((companyId) => companyId === 'A') }))
      expect(seenBy(own, weighed(pieces, 0.96), shippedModel)).toEqual(seenBy(own, weighed(without, 0.99), shippedModel))
    }),
  )
})

test('that the entity’s first event went to another company is not told', () => {
  const kept = weighed([phone('A'), { kind: 'entity', value: 'B', companyIds: ['B'] }], 0.99)
  expect(JSON.stringify(seenBy(own, kept, shippedModel))).not.toContain('"B"')
  expect(seenBy(new Set(['A', 'B']), kept, shippedModel).waterfall).toHaveLength(2)
})

test('of a decision by another model a company reads the evidence and no numbers', () => {
  const kept = { ...weighed([phone('A', 'B'), agent('A')], 0.99), modelVersion: 'older' }
  expect(seenBy(own, kept, shippedModel)).toEqual({
    decision: kept.decision,
    modelVersion: 'older',
    waterfall: [phone('A'), agent('A')].map((piece) => ({ ...piece, weight: 0, running: [] })),
    candidates: [],
    nonePosterior: 0,
  })
})

test('that a person decided, and why, is not told: only that it is the company’s own', () => {
  const release = { by: 'usr_1', at: new Date(), from: 'conflict' } as const
  const kept = { ...weighed([phone('A', 'B')], 1), decision: { kind: 'attributed', companyId: 'A', confidence: 1, release } as const }
  for (const modelVersion of [shippedModel.version, 'older']) {
    expect(seenBy(own, { ...kept, modelVersion }, shippedModel).decision).toEqual({ kind: 'attributed', companyId: 'A', confidence: 1 })
  }
})
