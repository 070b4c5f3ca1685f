/** How long to wait, in ms. */
export interface BackoffLimits {
  readonly firstMs: number
  readonly longestMs: number
}

/** The wait after so many failed attempts: doubled each time up to the longest, and half of it by chance, so that many do not come back at once. */
export function backoffMs(attempts: number, { firstMs, longestMs }: BackoffLimits, random: () => number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(Math.max(attempts, 1) - 1, 20))
  return Math.round(full * (0.5 + random() / 2))
}
