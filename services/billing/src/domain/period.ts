/** A span of time that is invoiced; `end` is exclusive. */
export interface Period {
  readonly start: Date
  readonly end: Date
}

/** The subscription's current period as mirrored; without one, the calendar month in UTC. */
export function periodUnderWay(
  subscription: { periodStart: Date | undefined; periodEnd: Date | undefined } | undefined,
  now: Date,
): Period {
  if (subscription?.periodStart && subscription.periodEnd) return { start: subscription.periodStart, end: subscription.periodEnd }
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()]
  return { start: new Date(Date.UTC(year, month)), end: new Date(Date.UTC(year, month + 1)) }
}
