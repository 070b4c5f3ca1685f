import { confidenceIn, trackRecordOf } from './confidence.ts'
import type { Decision } from './decide.ts'
import type { Model } from './model.ts'
import type { Score } from './score.ts'

/** Which rule of a model made a decision, with its numbers. */
export interface DecisionRule {
  readonly summary: string
  readonly minConfidence: number
  readonly minMargin: number
  /** Of the best company; 0 where there is none. */
  readonly confidence: number
  /** Of the best company to the second hypothesis, be it "none of ours". */
  readonly margin: number
  readonly vetoes: readonly string[]
}

/** Explains a decision by the model that made it. */
export function ruleOf(score: Score, decision: Decision, model: Model): DecisionRule {
  const [best, second] = score.candidates
  const confidence = best ? confidenceIn(best, score.waterfall, model) : 0
  const margin = best ? best.posterior - Math.max(second?.posterior ?? 0, score.nonePosterior) : 0
  const vetoes = vetoesOf(score, decision, model)
  const numbers = { minConfidence: model.minConfidence, minMargin: model.minMargin, confidence, margin, vetoes }
  const secondIsCompany = second !== undefined && second.posterior > score.nonePosterior
  return { summary: summaryOf(decision, numbers, { secondIsCompany, learned: learnedOf(score, model) }), ...numbers }
}

function vetoesOf({ waterfall }: Score, decision: Decision, model: Model): string[] {
  const reason = decision.kind === 'quarantined' ? decision.reason : decision.release?.from
  if (reason === 'schema_drift') return ['the body does not fit its schema']
  if (reason === 'inactive_company') return ['the company was deactivated before the receipt']
  const vetoes: string[] = []
  if (waterfall.some(({ kind, companyIds }) => kind === 'connection' && companyIds.length === 0))
    vetoes.push('the connection vouches for no company')
  const trusted = waterfall.filter(({ kind, companyIds }) => model.kinds[kind].trusted && companyIds.length > 0)
  const shared = trusted[0]?.companyIds.filter((companyId) => trusted.every(({ companyIds }) => companyIds.includes(companyId)))
  if (shared?.length === 0) vetoes.push(`trusted signals name no company in common: ${trusted.map(named).join(', ')}`)
  else if (reason === 'conflict') vetoes.push('the company that leads is not the one that the trusted signals name')
  return vetoes
}

/** How the confidence came out of the posterior, where earlier cases changed it. */
function learnedOf({ candidates: [best], waterfall }: Score, model: Model): string {
  if (!best) return ''
  const { ofCase, ofCompany } = trackRecordOf(waterfall, best.companyId, model)
  if (ofCase === 0 && ofCompany === 0) return ''
  return ` (posterior ${shown(best.posterior)}, such cases ${signed(ofCase)}, of this company ${signed(ofCompany)} nats)`
}

function named({ kind, value, companyIds }: Score['waterfall'][number]): string {
  return `${kind.replaceAll('_', ' ')} ${value} names ${companyIds.join(' and ')}`
}

interface Told {
  readonly secondIsCompany: boolean
  readonly learned: string
}

function summaryOf(decision: Decision, rule: Omit<DecisionRule, 'summary'>, { secondIsCompany, learned }: Told): string {
  const { vetoes } = rule
  const confidence = `confidence ${shown(rule.confidence)}${learned}`
  const margin = `margin ${shown(rule.margin)} to ${secondIsCompany ? 'the second company' : '“none of ours”'}`
  const tau = `τ = ${Number(rule.minConfidence.toFixed(4))}`
  const delta = `δ = ${Number(rule.minMargin.toFixed(4))}`
  if (decision.kind === 'attributed') {
    if (decision.release) return 'a person decided'
    return `${confidence} ≥ ${tau}, ${margin} ≥ ${delta}, no veto`
  }
  if (decision.discard) return 'a person decided that it is nobody’s'
  switch (decision.reason) {
    case 'schema_drift':
    case 'conflict':
    case 'inactive_company':
      return `veto: ${vetoes.join('; ')}`
    case 'no_match':
      if (vetoes.length > 0) return `veto: ${vetoes.join('; ')}`
      return rule.confidence === 0 ? 'no signal that the directory knows' : `“none of ours” leads: ${confidence}, ${margin}`
    case 'ambiguous':
      return `${margin} < ${delta}`
    case 'low_confidence':
      return rule.confidence < rule.minConfidence ? `${confidence} < ${tau}` : `${margin} < ${delta}`
    default:
      return decision.reason satisfies never
  }
}

function signed(nats: number): string {
  return `${nats < 0 ? '−' : '+'}${Math.abs(nats).toFixed(2)}`
}

/** Four digits; what would round to certainty says so instead. */
function shown(value: number): string {
  return value > 0.9999 && value < 1 ? '>0.9999' : value.toFixed(4)
}
