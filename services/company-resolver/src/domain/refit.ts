import type { Adjudication } from './adjudication.ts'
import { caseOf, ownCaseOf } from './case.ts'
import { decide } from './decide.ts'
import type { MatchedEvidence } from './evidence.ts'
import { fitCalibration, type Outcome } from './fit-calibration.ts'
import { fitWeights } from './fit-weights.ts'
import { calibrated } from './forecast.ts'
import type { Model } from './model.ts'
import { nobodysPosterior, score } from './score.ts'
import { type Prospect, thresholdsBy, wrongTolerance } from './tolerance.ts'

/** Below this a fit knows less than the one who judged the shipped weights did. */
export const leastLabels = 500

/** What a model is fitted on. */
export interface Experience {
  /** What people found out, the oldest first. */
  readonly labels: readonly Adjudication[]
  /** The evidence of events as they come, adjudicated or not: how sure they would be is what τ is chosen by. */
  readonly recent: readonly (readonly MatchedEvidence[])[]
  /** How many companies the directory has. */
  readonly companies: number
}

/** Posteriors that differ by less are equal. */
const rounding = 1e-9

/**
 * The model that the experience speaks for, under a version of its own; the given one, with its own version, below 500 labels.
 * Always give the shipped one: a fit that started from another would count that one's labels again.
 */
export function refit({ recent, ...experience }: Experience, shipped: Model, version: string): Model {
  if (experience.labels.length < leastLabels) return shipped
  return withThresholds(fitForecasts(experience, shipped, version), recent)
}

/** The other part: from when on to attribute, by how sure the model would be of events as they come. */
export function withThresholds(model: Model, recent: Experience['recent']): Model {
  const prospects = recent.map((evidence) => prospectOf(evidence, model))
  return { ...model, ...thresholdsBy(prospects, wrongTolerance) }
}

/** The part of a fit that foretells whose an event is, by however few labels: weights and calibration, and not from when on to attribute. */
export function fitForecasts({ labels, companies }: Omit<Experience, 'recent'>, shipped: Model, version: string): Model {
  const weighted: Model = { ...shipped, version, ...fitWeights(labels, companies, shipped) }
  return { ...weighted, calibration: fitCalibration(labels.flatMap((label) => outcomesOf(label, weighted))) }
}

/**
 * What became of the best candidate. Each label counts once, whatever its propensity: whether a person sees an event follows from its
 * evidence and from chance, so that those seen of one case are right as often as the others (missing at random; Rubin 1976).
 */
function outcomesOf({ evidence, companyId }: Adjudication, model: Model): Outcome[] {
  const { candidates, waterfall } = score(evidence, model)
  const [best] = candidates
  if (!best) return []
  const equals = candidates.filter(({ posterior }) => best.posterior - posterior < rounding)
  const right = equals.some((candidate) => candidate.companyId === companyId) ? 1 / equals.length : 0
  return [{ posterior: best.posterior, right, case: caseOf(waterfall, best.companyId), ownCase: ownCaseOf(waterfall, best.companyId) }]
}

function prospectOf(evidence: readonly MatchedEvidence[], model: Model): Prospect {
  const scored = score(evidence, model)
  const forecast = calibrated(scored, model)
  const nobodys = nobodysPosterior(evidence, model)
  if (!forecast) return { rightProbability: 0, nobodysProbability: nobodys, isAttributable: false }
  const { kind } = decide(scored, { schemaViolations: [], isActive: () => true }, { ...model, minConfidence: 0, minMargin: -1 })
  return { rightProbability: forecast.right, nobodysProbability: forecast.rest(nobodys), isAttributable: kind === 'attributed' }
}
