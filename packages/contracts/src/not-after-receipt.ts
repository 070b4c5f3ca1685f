/** How far a provider's clock may run ahead of ours. */
const skewMs = 5 * 60_000

/**
 * When something happened, by the clock of whoever told us; dated more than five minutes after its receipt it happened at its receipt,
 * or one event dated far ahead would outrank every later one for good. Where one of the two is missing, it is the other.
 */
export function notAfterReceipt(at: Date, receivedAt: Date | undefined): Date
export function notAfterReceipt(at: Date | undefined, receivedAt: Date | undefined): Date | undefined
export function notAfterReceipt(at: Date | undefined, receivedAt: Date | undefined): Date | undefined {
  if (!at || !receivedAt) return at ?? receivedAt
  return at.getTime() > receivedAt.getTime() + skewMs ? receivedAt : at
}
