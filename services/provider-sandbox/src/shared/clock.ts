/** What time it is; a test's clock stands still until told. */
export type Clock = () => Date

/** Whole seconds since 1970, as Stripe and Meta tell time. */
export function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1_000)
}
