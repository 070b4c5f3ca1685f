const dayMs = 86_400_000

/**
 * The instant of a time by the clock of a time zone, such as `2026-12-01T10:00`. One that comes twice is the first of them;
 * one that the clock leaps over is as much later (RFC 5545 §3.3.5).
 * @throws RangeError for a time zone or a time that is none.
 */
export function instantAt(local: string, timeZone: string): Date {
  const wantedMs = Date.parse(`${local}Z`)
  const before = wantedMs - offsetMs(wantedMs - dayMs, timeZone)
  if (before + offsetMs(before, timeZone) === wantedMs) return new Date(before)
  const after = wantedMs - offsetMs(wantedMs + dayMs, timeZone)
  return new Date(after + offsetMs(after, timeZone) === wantedMs ? after : before)
}

/** How far the zone's clock is before UTC at the instant. */
function offsetMs(atMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const part = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1_000) * 1_000
}
