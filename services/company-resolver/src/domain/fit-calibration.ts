import { type Calibration, logit, sigmoid } from './calibration.ts'

/** How a case turned out for the company that led. */
export interface Outcome {
  readonly posterior: number
  /** Whether it was that company's, 1 or 0; where several were equally good, each is right in its turn. */
  readonly right: number
  readonly case: string
  /** The same case of that company alone. */
  readonly ownCase: string
}

interface Point {
  readonly x: number
  readonly y: number
  readonly weight: number
}

/** How strongly an intercept is drawn to 0: about as much as one outcome at even odds does. */
const priorPrecision = 0.3
const iterationsMax = 100
/** In nats: far from the likeliest intercept the curve is so flat that a step of Newton's would leap over it. */
const greatestStep = 1
const settled = 1e-9

/**
 * What outcomes add to the log-odds of cases like them: first by case, then what a company's own add to that. Both are drawn to 0, so that
 * a company with few cases is judged by those of all (partial pooling; Gelman and Hill 2006, chapter 12).
 */
export function fitCalibration(outcomes: readonly Outcome[]): Calibration {
  const ownCases = Map.groupBy(outcomes, ({ ownCase }) => ownCase)
  // Each company counts once: one that has the case for the first time is like another company, not like one more event of the busiest.
  const byCase = interceptsBy(outcomes, 'case', ({ ownCase, posterior }) => [logit(posterior), 1 / (ownCases.get(ownCase)?.length ?? 1)])
  const byOwnCase = interceptsBy(outcomes, 'ownCase', (outcome) => [logit(outcome.posterior) + (byCase.get(outcome.case) ?? 0), 1])
  return Object.fromEntries([...byCase, ...byOwnCase])
}

function interceptsBy(
  outcomes: readonly Outcome[],
  key: 'case' | 'ownCase',
  weigh: (outcome: Outcome) => readonly [x: number, weight: number],
): Map<string, number> {
  const intercepts = new Map<string, number>()
  for (const [name, same] of Map.groupBy(outcomes, (outcome) => outcome[key])) {
    const points = same.map((outcome): Point => {
      const [x, weight] = weigh(outcome)
      return { x, y: outcome.right, weight }
    })
    intercepts.set(name, likeliestIntercept(points))
  }
  return intercepts
}

/** What added to all log-odds makes the outcomes likeliest, drawn to 0: the one root of a rising function, by Newton's method. */
function likeliestIntercept(points: readonly Point[]): number {
  let intercept = 0
  for (let iteration = 0; iteration < iterationsMax; iteration += 1) {
    let [gradient, curvature] = [priorPrecision * intercept, priorPrecision]
    for (const { x, y, weight } of points) {
      const probability = sigmoid(x + intercept)
      gradient += weight * (probability - y)
      curvature += weight * probability * (1 - probability)
    }
    const step = Math.min(greatestStep, Math.max(-greatestStep, gradient / curvature))
    intercept -= step
    if (Math.abs(step) < settled) break
  }
  return intercept
}
