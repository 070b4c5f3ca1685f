import type { EventSource } from '@frontdesk/contracts'

/** How far a provider's clock may run ahead of ours. */
const skewMs = 5 * 60_000

/** When it happened, by the provider's clock; nothing happens after we received it, or the window for texts would never close. */
export function clampedTo(source: EventSource | undefined, happenedAt: Date | undefined): Date | undefined {
  const { occurredAt, receivedAt } = source ?? {}
  const at = happenedAt ?? occurredAt
  if (!at || !receivedAt) return at ?? receivedAt
  return at.getTime() > receivedAt.getTime() + skewMs ? receivedAt : at
}
