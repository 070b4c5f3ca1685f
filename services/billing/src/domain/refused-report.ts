import type { Metering } from './meter-report.ts'

/** A record whose report was refused after the meter had taken it. */
export interface RefusedMetering extends Metering {
  /** What the last settled report said; 0 once that is taken back, undefined where it was settled before this was kept. */
  readonly last: number | undefined
  /** How often that report was sent. */
  readonly attempts: number
}

/** What becomes of a record when the meter refuses one of its reports afterwards. */
export type Refusal =
  /** The meter has `reported` of it; the rest is reported under the next number, and not before `waitMs` have passed; undefined where none is left. */
  | { readonly kind: 'taken_back'; readonly quantity: number; readonly reported: number; readonly waitMs: number | undefined }
  /** It is still being sent: what becomes of it is decided when it is settled. */
  | { readonly kind: 'under_way' }
  | { readonly kind: Unresolved }

/**
 * Why a refused report changes nothing: `known`, it is taken back already; `superseded`, another one came after it, and what this one said
 * is not kept; `no_quantity`, it was settled before its quantity was kept; `perhaps_counted`, it was sent more than once, and the meter may have refused one
 * attempt and counted another; `unknown`, we have sent no such report.
 */
export type Unresolved = 'known' | 'superseded' | 'no_quantity' | 'perhaps_counted' | 'unknown'

const firstWaitMs = 15 * 60_000
const longestWaitMs = 6 * 60 * 60_000

/** What the refusal of that report changes. */
export function refusalOf({ quantity, reported, pending, number, last, attempts }: RefusedMetering, refused: number): Refusal {
  if (refused > number) return { kind: 'unknown' }
  if (refused < number) return { kind: 'superseded' }
  if (pending !== undefined) return { kind: 'under_way' }
  if (last === undefined) return { kind: 'no_quantity' }
  if (last === 0) return { kind: 'known' }
  if (attempts > 1) return { kind: 'perhaps_counted' }
  const left = reported - last
  return { kind: 'taken_back', quantity: last, reported: left, waitMs: quantity > left ? refusedWaitMs(refused) : undefined }
}

/**
 * How long the next report waits. Mostly a person has to mend something first, and what comes too early is refused like the last one. So twice as long
 * with each number: what mends itself is reported before the alert for a backlog (half an hour and more) comes, and what does not is seen there.
 */
function refusedWaitMs(number: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(number - 1, 10))
}
