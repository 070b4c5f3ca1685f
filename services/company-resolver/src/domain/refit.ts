import type { Adjudication } from './adjudication.ts'
import { calibrate } from './calibration.ts'
import { decide } from './decide.ts'
import { fitCalibration, type Outcome } from './fit-calibration.ts'
import { fitWeights } from './fit-weights.ts'
import type { Model } from './model.ts'
import { type MatchedEvidence, nobodysPosterior, score } from './score.ts'
import { type Prospect, thresholdsBy, wrongTolerance } from './tolerance.ts'

/** Below this a fit knows less than the one who judged the shipped weights did. */
export const leastLabels = 500

/** What a model is fitted on. */
export interface Experience {
  /** What people found out. */
  readonly labels: readonly Adjudication[]
  /** The evidence of events as they come, adjudicated or not: how sure they would be is what τ is chosen by. */
  readonly recent: readonly (readonly MatchedEvidence[])[]
  /** How many companies the directory has. */
  readonly companies: number
}

/**
 * The model that the experience speaks for, under a version of its own; the given one, with its own version, below 500 labels.
 * Always give the shipped one: a fit that started from another would count that one's labels again.
 */
export function refit({ labels, recent, companies }: Experience, shipped: Model, version: string): Model {
  if (labels.length < leastLabels) return shipped
  const weighted: Model = { ...shipped, version, ...fitWeights(labels, companies, shipped) }
  const calibration = fitCalibration(
    labels.flatMap((label) => outcomesOf(label, weighted)),
    shipped.calibration,
  )
  const calibrated: Model = { ...weighted, calibration }
  const prospects = recent.map((evidence) => prospectOf(evidence, calibrated))
  return { ...calibrated, ...thresholdsBy(prospects, wrongTolerance, calibration) }
}

function outcomesOf({ evidence, companyId, propensity }: Adjudication, model: Model): Outcome[] {
  const [best] = score(evidence, model).candidates
  return best ? [{ posterior: best.posterior, isRight: best.companyId === companyId, weight: 1 / propensity }] : []
}

function prospectOf(evidence: readonly MatchedEvidence[], model: Model): Prospect {
  const scored = score(evidence, model)
  const [best] = scored.candidates
  if (!best) return { rightProbability: 0, nobodysProbability: nobodysPosterior(evidence, model), isAttributable: false }
  const rightProbability = calibrate(model.calibration, best.posterior)
  const others = scored.candidates.slice(1).reduce((sum, { posterior }) => sum + posterior, scored.nonePosterior)
  // What the calibration takes from the best, or gives it, the others have or lose in proportion.
  const nobodysProbability = others === 0 ? 0 : ((1 - rightProbability) * nobodysPosterior(evidence, model)) / others
  const { kind } = decide(scored, { schemaViolations: [], isActive: () => true }, { ...model, minConfidence: 0, minMargin: -1 })
  return { rightProbability, nobodysProbability, isAttributable: kind === 'attributed' }
}
