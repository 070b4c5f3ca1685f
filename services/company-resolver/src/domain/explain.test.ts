import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import type { MatchedEvidence } from './evidence.ts'
import { ruleOf } from './explain.ts'
import { shippedModel } from './model.ts'
import { score } from './score.ts'

const piece = (kind: MatchedEvidence['kind'], value: string, ...companyIds: string[]): MatchedEvidence => ({ kind, value, companyIds })
const phone = (...companyIds: string[]) => piece('phone_number', '+4930', ...companyIds)

function explain(evidence: MatchedEvidence[], { violations = [] as string[], active = true } = {}) {
  const scored = score(evidence, shippedModel)
  const decision = decide(scored, { schemaViolations: violations, isActive: () => active }, shippedModel)
  return ruleOf(scored, decision, shippedModel).summary
}

test.each<[string, MatchedEvidence[], string | RegExp]>([
  ['an attributed event', [phone('A')], /^confidence 0\.9990 ≥ τ = 0\.95, margin 0\.9981 to “none of ours” ≥ δ = 0\.9, no veto$/],
  ['one that two companies share', [phone('A', 'B')], 'margin 0.0000 to the second company < δ = 0.9'],
  [
    'a conflict',
    [phone('A'), piece('voice_agent', 'x', 'B')],
    'veto: trusted signals name no company in common: phone number +4930 names A, voice agent x names B',
  ],
  ['an unknown connection', [piece('connection', 'con_x'), phone('A')], 'veto: the connection vouches for no company'],
  ['nothing known', [phone()], 'no signal that the directory knows'],
  ['one weak signal', [piece('team', 't', 'A')], /^confidence 0\.9\d+ < τ = 0\.95$/],
  [
    'more silence than signal',
    [phone(), piece('team', 't', 'A')],
    /^“none of ours” leads: confidence 0\.\d+, margin -0\.\d+ to “none of ours”$/,
  ],
])('the rule of %s is told with its numbers', (_, evidence, summary) => {
  expect(explain(evidence)).toMatch(summary)
})

test('what is decided before any weighing says so', () => {
  expect(explain([phone('A')], { violations: ['call.id'] })).toBe('veto: the body does not fit its schema')
  expect(explain([phone('A')], { active: false })).toBe('veto: the company was deactivated before the receipt')
})

test('a person’s decision is no rule’s', () => {
  const scored = score([phone('A')], shippedModel)
  const release = { by: 'usr_ada', at: new Date(), from: 'ambiguous' } as const
  expect(ruleOf(scored, { kind: 'attributed', companyId: 'B', confidence: 1, release }, shippedModel).summary).toBe('a person decided')
})

test('what earlier cases changed of a confidence is told', () => {
  const model = { ...shippedModel, calibration: { 'phone_number own': -4, 'phone_number own of A': 0.5 } }
  const scored = score([phone('A')], model)
  const decision = decide(scored, { schemaViolations: [], isActive: () => true }, model)
  expect(ruleOf(scored, decision, model).summary).toBe(
    'confidence 0.9690 (posterior 0.9990, such cases −4.00, of this company +0.50 nats) ≥ τ = 0.95, margin 0.9981 to “none of ours” ≥ δ = 0.9, no veto',
  )
})
