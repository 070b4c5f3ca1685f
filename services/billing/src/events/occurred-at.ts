/** How far another clock may run ahead of ours. */
const skewMs = 5 * 60_000

/** The instant, unless it lies after its receipt: nothing is used in the future, or it would count in a later period. */
export function notAhead(at: Date, receivedAt: Date): Date {
  return at.getTime() > receivedAt.getTime() + skewMs ? receivedAt : at
}
