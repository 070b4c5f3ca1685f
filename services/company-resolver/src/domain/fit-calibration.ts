import { type Calibration, logit, sigmoid } from './calibration.ts'

/** A posterior, whether the company that had it was the right one, and how many events it stands for. */
export interface Outcome {
  readonly posterior: number
  readonly isRight: boolean
  readonly weight: number
}

interface Point {
  readonly x: number
  readonly y: number
  readonly weight: number
}

/** How strongly the parameters are drawn to those without labels: as much as about so many observations at even odds. */
const priorPrecision = 4
const iterationsMax = 100
const settled = 1e-10

/**
 * The calibration under which the outcomes are likeliest, drawn towards the given one; the given one too where nothing that
 * rises fits them, since such labels contradict the weights altogether.
 */
export function fitCalibration(outcomes: readonly Outcome[], prior: Calibration): Calibration {
  const points = outcomes.map(({ posterior, isRight, weight }): Point => ({ x: logit(posterior), y: isRight ? 1 : 0, weight }))
  let current = prior
  let currentLoss = lossOf(points, current, prior)
  for (let iteration = 0; iteration < iterationsMax; iteration += 1) {
    const step = newtonStep(points, current, prior)
    const next = descend(points, current, step, currentLoss, prior)
    if (!next) break
    const gained = currentLoss - next.loss
    current = next.calibration
    currentLoss = next.loss
    if (gained < settled * (1 + currentLoss)) break
  }
  return current.slope > 0 ? current : prior
}

/** Halves the step until it helps; undefined where none does. The loss is convex, so that this reaches its one minimum. */
function descend(points: readonly Point[], from: Calibration, step: Calibration, loss: number, prior: Calibration) {
  for (let scale = 1; scale > 1e-6; scale /= 2) {
    const calibration = { slope: from.slope - scale * step.slope, intercept: from.intercept - scale * step.intercept }
    const reached = lossOf(points, calibration, prior)
    if (reached < loss) return { calibration, loss: reached }
  }
  return undefined
}

function newtonStep(points: readonly Point[], { slope, intercept }: Calibration, prior: Calibration): Calibration {
  let [gradientSlope, gradientIntercept] = [priorPrecision * (slope - prior.slope), priorPrecision * (intercept - prior.intercept)]
  let [xx, x1, one] = [priorPrecision, 0, priorPrecision]
  for (const { x, y, weight } of points) {
    const probability = sigmoid(slope * x + intercept)
    const residual = weight * (probability - y)
    gradientSlope += residual * x
    gradientIntercept += residual
    const curvature = weight * probability * (1 - probability)
    xx += curvature * x * x
    x1 += curvature * x
    one += curvature
  }
  const determinant = xx * one - x1 * x1
  return {
    slope: (one * gradientSlope - x1 * gradientIntercept) / determinant,
    intercept: (xx * gradientIntercept - x1 * gradientSlope) / determinant,
  }
}

function lossOf(points: readonly Point[], { slope, intercept }: Calibration, prior: Calibration): number {
  const drawn = (priorPrecision / 2) * ((slope - prior.slope) ** 2 + (intercept - prior.intercept) ** 2)
  return points.reduce((sum, { x, y, weight }) => sum + weight * crossEntropy(slope * x + intercept, y), drawn)
}

/** −ln of the outcome's probability, without overflow for great log-odds. */
function crossEntropy(logOdds: number, y: number): number {
  return Math.max(logOdds, 0) - logOdds * y + Math.log1p(Math.exp(-Math.abs(logOdds)))
}
