import type { Random } from './random.ts'

/** What became of an event, beside the truth. */
export interface Outcome {
  readonly truth: string | undefined
  /** Undefined for what waits for a person. */
  readonly attributedTo: string | undefined
}

/** How well a contestant did. */
export interface Rates {
  /** Of the events that have a company: those attributed, rightly or not. */
  readonly coverage: number
  /** Of the attributed events: those given to a company whose they are not. */
  readonly wrongRate: number
  /** Of the events that are nobody's: those attributed. */
  readonly unknownAttributedRate: number
  readonly wrong: number
  readonly attributed: number
  readonly unknown: number
}

export function ratesOf(outcomes: readonly Outcome[]): Rates {
  let [owned, covered, unknown, taken, wrong] = [0, 0, 0, 0, 0]
  for (const { truth, attributedTo } of outcomes) {
    const isAttributed = attributedTo !== undefined
    if (truth === undefined) {
      unknown += 1
      if (isAttributed) taken += 1
    } else {
      owned += 1
      if (isAttributed) covered += 1
    }
    if (isAttributed && attributedTo !== truth) wrong += 1
  }
  const attributed = covered + taken
  return {
    coverage: ratio(covered, owned),
    wrongRate: ratio(wrong, attributed),
    unknownAttributedRate: ratio(taken, unknown),
    wrong,
    attributed,
    unknown,
  }
}

/** A probability that was given, and whether it came true: 1 or 0, or a share where it was given to several at once. */
export interface Forecast {
  readonly probability: number
  readonly right: number
}

/** Forecasts of about the same probability. */
export interface Bin {
  readonly from: number
  readonly to: number
  readonly events: number
  readonly meanProbability: number
  readonly rightShare: number
  /** Wilson's, at 95%. */
  readonly interval: readonly [low: number, high: number]
}

// Events below are nobody's by all that is known, and those above as good as certain: neither says much of a calibration. Finer where decisions fall.
const [leastUncertain, greatestUncertain] = [0.05, 0.999] as const
const edges = [leastUncertain, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, greatestUncertain]

/** Uncertain forecasts by their probability; bins without events are left out. */
export function binsOf(forecasts: readonly Forecast[]): Bin[] {
  return edges.slice(0, -1).flatMap((from, index) => {
    const to = edges[index + 1] ?? 1
    const isLast = index === edges.length - 2
    const inside = forecasts.filter(({ probability }) => probability >= from && (probability < to || (isLast && probability === to)))
    if (inside.length === 0) return []
    const right = inside.reduce((total, forecast) => total + forecast.right, 0)
    const sum = inside.reduce((total, { probability }) => total + probability, 0)
    return [
      {
        from,
        to,
        events: inside.length,
        meanProbability: sum / inside.length,
        rightShare: right / inside.length,
        interval: wilson(right, inside.length),
      },
    ]
  })
}

/** Expected calibration error: how far the bins' probabilities are from what came true, by their events; 0 of none. */
export function calibrationError(bins: readonly Bin[]): number {
  const events = bins.reduce((sum, bin) => sum + bin.events, 0)
  return bins.reduce((sum, bin) => sum + (bin.events / Math.max(1, events)) * Math.abs(bin.rightShare - bin.meanProbability), 0)
}

const simulations = 200

/**
 * The calibration error that chance alone would give to forecasts which are all true, each by itself: the mean of simulations. Events of
 * one call or company turn out alike, so that for them it is more.
 */
export function calibrationNoise(forecasts: readonly Forecast[], random: Random): number {
  const uncertain = forecasts.filter(({ probability }) => probability >= leastUncertain && probability <= greatestUncertain)
  const errors = Array.from({ length: simulations }, () =>
    calibrationError(binsOf(uncertain.map(({ probability }) => ({ probability, right: random.chance(probability) ? 1 : 0 })))),
  )
  return errors.reduce((sum, error) => sum + error, 0) / simulations
}

/** Wilson's interval of a share. */
export function wilson(hits: number, of: number, z = 1.96): readonly [low: number, high: number] {
  if (of === 0) return [0, 1]
  const share = hits / of
  const denominator = 1 + (z * z) / of
  const centre = (share + (z * z) / (2 * of)) / denominator
  const half = (z / denominator) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))
  return [Math.max(0, centre - half), Math.min(1, centre + half)]
}

/** The mean squared distance of the forecasts from what came true (Brier). */
export function brierOf(forecasts: readonly Forecast[]): number {
  return ratio(
    forecasts.reduce((sum, { probability, right }) => sum + (probability - right) ** 2, 0),
    forecasts.length,
  )
}

/** How often attributions are wrong if only the surest so many are made. */
export interface CurvePoint {
  readonly threshold: number
  readonly coverage: number
  readonly risk: number
}

/** Risk against coverage, for falling thresholds; `owned` is how many events have a company. */
export function riskCoverage(forecasts: readonly (Forecast & { readonly isOwned: boolean })[], owned: number): CurvePoint[] {
  const sorted = forecasts.toSorted((a, b) => b.probability - a.probability)
  const points: CurvePoint[] = []
  let [covered, wrong] = [0, 0]
  for (const [index, { probability, right, isOwned }] of sorted.entries()) {
    if (isOwned) covered += 1
    wrong += 1 - right
    // Equal forecasts stand or fall together.
    if (sorted[index + 1]?.probability === probability) continue
    points.push({ threshold: probability, coverage: ratio(covered, owned), risk: ratio(wrong, index + 1) })
  }
  return points
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
