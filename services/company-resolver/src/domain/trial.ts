import type { Adjudication } from './adjudication.ts'
import { decide } from './decide.ts'
import type { MatchedEvidence } from './evidence.ts'
import type { MeanLoss } from './forecast.ts'
import type { Model } from './model.ts'
import { score } from './score.ts'

/** Of each model's forecasts a fifth is made by a fit on all but these. */
const parts = 5
/** Fewer labels say too little of which model is better. */
const leastJudging = 50
/** A fit that holds back more than 1 in 20 of what is attributed now is for a person to put in force. */
const shareLostMax = 0.05

/** Labels to judge by, and those to fit on meanwhile. */
export interface Split {
  readonly held: readonly Adjudication[]
  readonly others: readonly Adjudication[]
}

/** How a fit did beside the model in force, by labels that neither was fitted on. */
export interface Trial {
  /** Of the model in force. */
  readonly against: string
  readonly labels: number
  readonly inForce: MeanLoss
  readonly fitted: MeanLoss
  /** Which part of recent events each would attribute. */
  readonly attributedShare: { readonly inForce: number; readonly fitted: number }
}

/**
 * Splits labels, the oldest first, of which the model in force was fitted on the first `seen`: these judge nobody. The rest is held out in
 * five stretches of time, so that events of one call are not on both sides.
 */
export function splitsOf(labels: readonly Adjudication[], seen: number): Split[] {
  const fresh = labels.length - seen
  const bounds = Array.from({ length: parts + 1 }, (_, part) => seen + Math.floor((part * fresh) / parts))
  return bounds.slice(1).flatMap((end, part): Split[] => {
    const start = bounds[part] ?? seen
    if (start === end) return []
    return [{ held: labels.slice(start, end), others: [...labels.slice(0, start), ...labels.slice(end)] }]
  })
}

/** Which part of such events the model attributes. */
export function attributedShare(recent: readonly (readonly MatchedEvidence[])[], model: Model): number {
  const context = { schemaViolations: [], isActive: () => true }
  const attributed = recent.filter((evidence) => decide(score(evidence, model), context, model).kind === 'attributed')
  return recent.length === 0 ? 0 : attributed.length / recent.length
}

/** Why a fit does not come into force by itself; undefined if nothing speaks against it. */
export function objectionTo({ against, labels, inForce, fitted, attributedShare: share }: Trial): string | undefined {
  if (labels < leastJudging) return `it was judged by ${labels} labels only`
  if (fitted.logLoss > inForce.logLoss) {
    return `it foretells ${labels} labels that neither was fitted on worse: log loss ${fitted.logLoss.toFixed(4)}, of ${against} ${inForce.logLoss.toFixed(4)}`
  }
  if (share.inForce - share.fitted > shareLostMax) {
    return `it would attribute ${percent(share.fitted)} of recent events where ${against} attributes ${percent(share.inForce)}`
  }
  return undefined
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`
}
