import type { EventSource } from '@frontdesk/contracts'

/** How far a provider's clock may run ahead of ours. */
const skewMs = 5 * 60_000

/**
 * When an event happened, by the provider's clock; nothing happens after it was received, or one event
 * dated far ahead would outrank every later one for good.
 */
export function occurredAtOf(source: EventSource | undefined): Date | undefined {
  const { occurredAt, receivedAt } = source ?? {}
  if (!occurredAt || !receivedAt) return occurredAt ?? receivedAt
  return occurredAt.getTime() > receivedAt.getTime() + skewMs ? receivedAt : occurredAt
}
