/**
 * What the outcomes of earlier cases add to a company's log-odds, in nats, by case and by the company's own case (`case.ts`): Platt's
 * intercept, one for each. A case without outcomes is not in it.
 */
export type Calibration = Readonly<Record<string, number>>

/** Takes posteriors at their word. */
export const uncalibrated: Calibration = {}

/** Beyond this a double can't tell a probability from 0 or 1. */
const greatestLogit = 36

/** Log-odds of a probability, finite for 0 and 1 too. */
export function logit(probability: number): number {
  return Math.min(greatestLogit, Math.max(-greatestLogit, Math.log(probability) - Math.log1p(-probability)))
}

/** The probability with these log-odds. */
export function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds))
}
