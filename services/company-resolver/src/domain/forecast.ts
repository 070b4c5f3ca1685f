import type { Adjudication } from './adjudication.ts'
import { confidenceIn } from './confidence.ts'
import type { MatchedEvidence } from './evidence.ts'
import type { Model } from './model.ts'
import { score, type Score } from './score.ts'

/** How far a model's forecasts were from what people found out, summed over labels that each stand for as many events as its propensity says. */
export interface Loss {
  readonly weight: number
  /** Of −ln of the probability that was given to what turned out. */
  readonly log: number
  /** Of the squared distance of the best company's confidence from whether it was the right one. */
  readonly squared: number
}

/** The same for the mean event: log loss, and Brier's score. */
export interface MeanLoss {
  readonly logLoss: number
  readonly brier: number
}

/** The best company's probability of being right, and what of the rest belongs to a hypothesis with that posterior. */
export interface Calibrated {
  readonly right: number
  readonly rest: (posterior: number) => number
}

/** One label alone must not outweigh all others without end. */
const leastProbability = 1e-9

/** What the calibration takes from the best, or gives it, the others have or lose in proportion. Undefined where nothing names a company. */
export function calibrated({ candidates: [best, ...others], nonePosterior, waterfall }: Score, model: Model): Calibrated | undefined {
  if (!best) return undefined
  const right = confidenceIn(best, waterfall, model)
  const left = others.reduce((sum, { posterior }) => sum + posterior, nonePosterior)
  return { right, rest: (posterior) => (left === 0 ? 0 : ((1 - right) * posterior) / left) }
}

/** What the model foretells of labels, beside what turned out. */
export function lossOf(labels: readonly Adjudication[], model: Model): Loss {
  let [weight, log, squared] = [0, 0, 0]
  for (const { evidence, companyId, propensity } of labels) {
    const { given, best, isRight } = forecastOf(evidence, companyId, model)
    weight += 1 / propensity
    log -= Math.log(Math.max(leastProbability, given)) / propensity
    squared += (best - Number(isRight)) ** 2 / propensity
  }
  return { weight, log, squared }
}

/** The loss of the mean event; 0 of none. */
export function meanLoss(losses: readonly Loss[]): MeanLoss {
  const total = (of: (loss: Loss) => number) => losses.reduce((sum, loss) => sum + of(loss), 0)
  const weight = total((loss) => loss.weight) || 1
  return { logLoss: total(({ log }) => log) / weight, brier: total(({ squared }) => squared) / weight }
}

function forecastOf(evidence: readonly MatchedEvidence[], companyId: string | undefined, model: Model) {
  const scored = score(evidence, model)
  const forecast = calibrated(scored, model)
  // Nothing names a company, and every model is as sure of that as the other.
  if (!forecast) return { given: 1, best: 0, isRight: false }
  const { right, rest } = forecast
  if (scored.candidates[0]?.companyId === companyId) return { given: right, best: right, isRight: true }
  const other = scored.candidates.find((candidate) => candidate.companyId === companyId)
  return { given: rest(other?.posterior ?? scored.nonePosterior), best: right, isRight: false }
}
