const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** How far ahead of ours a provider's clock may be. */
const clockSkewMs = 5 * minuteMs

/**
 * How long after an entity began a provider may still tell us of it for the first time: its retries,
 * and for calls also the longest call. What is older can't choose which signals count.
 */
const lookBackMs: ReadonlyMap<string, number> = new Map([
  ['retell', 3 * hourMs],
  ['calcom', 24 * hourMs],
  ['stripe', 3 * 24 * hourMs],
  ['whatsapp', 7 * 24 * hourMs],
])
const defaultLookBackMs = 24 * hourMs

/** The time whose signals count: the entity's start as far as it is believable, else the receipt. */
export function asOf(provider: string, receivedAt: Date, entityStartedAt: Date | undefined): Date {
  if (!entityStartedAt) return receivedAt
  const earliest = receivedAt.getTime() - (lookBackMs.get(provider) ?? defaultLookBackMs)
  const latest = receivedAt.getTime() + clockSkewMs
  return new Date(Math.min(Math.max(entityStartedAt.getTime(), earliest), latest))
}
