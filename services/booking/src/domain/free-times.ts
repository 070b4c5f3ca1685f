/** From an instant on, until before another. */
export interface TimeSpan {
  readonly startsAt: Date
  readonly endsAt: Date
}

/** What is told of one window at most: nobody listens to more. */
const freeTimesMax = 20
const stepMs = 30 * 60_000

/** The starts in the window, half an hour apart, at which an appointment would overlap none of those taken; none is past. */
export function freeStarts(window: TimeSpan, durationMs: number, taken: readonly TimeSpan[], now: Date): Date[] {
  const free: Date[] = []
  for (let ms = window.startsAt.getTime(); ms + durationMs <= window.endsAt.getTime() && free.length < freeTimesMax; ms += stepMs) {
    const candidate = { startsAt: new Date(ms), endsAt: new Date(ms + durationMs) }
    if (candidate.startsAt > now && !taken.some((span) => overlap(span, candidate))) free.push(candidate.startsAt)
  }
  return free
}

function overlap(a: TimeSpan, b: TimeSpan): boolean {
  return a.startsAt < b.endsAt && b.startsAt < a.endsAt
}
