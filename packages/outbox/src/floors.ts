import type { DurableProgress, StreamContent } from '@frontdesk/bus'
import { durables } from '@frontdesk/contracts'
import type { SeenDurable, StreamMark } from './broker-marks.ts'

/** What a check writes down of a stream's durables, and what it has to see to. */
export interface DurablesNow {
  readonly floors: StreamMark['floors']
  readonly seen: NonNullable<StreamMark['durables']>
  /** From where on the stream dropped what a durable of ours had yet to settle, and would take now. */
  readonly fellBehindFrom?: number
}

/** For so long what others made counts, though nobody consumes with it; then it has been given up. */
const givenUpAfterMs = 24 * 60 * 60 * 1_000

/**
 * Follows a stream's durables from the last check to this one. Ours count always, what others made until it is given up;
 * and what the stream dropped before one of ours had settled it is published again when that is consumed with, since
 * before it would only push out more.
 */
export function followDurables(
  stream: string,
  { firstSequence, durables: found }: StreamContent,
  mark: StreamMark,
  now: Date,
): DurablesNow {
  const nowMs = now.getTime()
  const dropped = firstSequence - 1
  const floors: Record<string, number> = {}
  const seen: Record<string, SeenDurable> = {}
  const fellBehind: number[] = []
  for (const [name, progress] of Object.entries(found)) {
    const { floor, created, handedOut } = progress
    const before = mark.durables?.[name]
    const known = mark.floors[name]
    // One that was made anew begins anew.
    const reached = before?.created === created ? known : undefined
    const consumed = isConsumed(progress, before)
    const consumedAtMs = consumed || !before ? nowMs : before.consumedAtMs
    seen[name] = { created, handedOut, consumedAtMs }
    if (!isOurs(stream, name)) {
      if (nowMs - consumedAtMs < givenUpAfterMs) floors[name] = Math.max(floor, reached ?? 0)
    } else if (known === undefined || known >= dropped) {
      // What was dropped before it came is no concern of a new one.
      floors[name] = Math.max(floor, reached ?? dropped)
    } else if (consumed) {
      // Its floor tells nothing: the broker raises that, too, as it drops messages.
      floors[name] = Math.max(floor, dropped)
      fellBehind.push(known)
    } else {
      floors[name] = known
    }
  }
  return { floors, seen, ...(fellBehind.length > 0 && { fellBehindFrom: Math.min(...fellBehind) }) }
}

function isOurs(stream: string, name: string): boolean {
  return durables.some((spec) => spec.stream === stream && spec.name === name)
}

/** At first sight it is taken for consumed. */
function isConsumed({ awaited, handedOut, created }: DurableProgress, before: SeenDurable | undefined): boolean {
  return awaited || before?.created !== created || before.handedOut !== handedOut
}
