/** What a posterior is really worth: two parameters on its logit (Platt). */
export interface Calibration {
  /** Above 0, so that a greater posterior never becomes less. */
  readonly slope: number
  readonly intercept: number
}

/** Takes posteriors at their word. */
export const uncalibrated: Calibration = { slope: 1, intercept: 0 }

/** Beyond this a double can't tell a probability from 0 or 1. */
const greatestLogit = 36

/** The probability of being right that stands behind a posterior. */
export function calibrate({ slope, intercept }: Calibration, posterior: number): number {
  return slope === 1 && intercept === 0 ? posterior : sigmoid(slope * logit(posterior) + intercept)
}

/** The posterior behind which that probability of being right stands. */
export function uncalibrate({ slope, intercept }: Calibration, probability: number): number {
  return slope === 1 && intercept === 0 ? probability : sigmoid((logit(probability) - intercept) / slope)
}

/** Log-odds of a probability, finite for 0 and 1 too. */
export function logit(probability: number): number {
  return Math.min(greatestLogit, Math.max(-greatestLogit, Math.log(probability) - Math.log1p(-probability)))
}

/** The probability with these log-odds. */
export function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}
