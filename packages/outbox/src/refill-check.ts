import type { Bus, StreamContent } from '@frontdesk/bus'
import { readStored, readStream } from '@frontdesk/bus'
import type { StreamSpec } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { withDatabaseLock } from '@frontdesk/database'
import type { PendingRefill, StreamMark } from './broker-marks.ts'
import { readMark, writeMark } from './broker-marks.ts'
import { findLastHeld } from './last-held.ts'
import type { PositionedRow } from './positions.ts'
import { isOf, newestRows } from './positions.ts'

/** What a check found: the stream is not there, holds what it should, or has to be refilled; `found` by this check. */
export type StreamVerdict =
  | { readonly kind: 'missing' | 'sound' }
  | { readonly kind: 'refill'; readonly refill: PendingRefill; readonly found: boolean }

/** What a check works with. */
export interface RefillCheckOptions {
  readonly database: Database
  readonly bus: Bus
  readonly clock: () => Date
}

type Found = Omit<PendingRefill, 'foundAtMs'>

/**
 * How many of the newest rows are compared, all of them: what was lost can stand among what other replicas
 * have published since.
 */
const comparedRows = 256
const longestWaitForCheckMs = 30_000
/** Inboxes keep what they have handled for at least 400 days; what is older could have its effect twice. */
const longestRetentionMs = 400 * 24 * 60 * 60 * 1_000

/**
 * Compares what the broker holds at the newest rows' positions with those rows, and writes down what has to be
 * published again, and how far the durables are. For the holder of the lock.
 */
export async function checkStream(
  { database, bus, clock }: RefillCheckOptions,
  stream: StreamSpec['name'],
  connectedAnew: boolean,
): Promise<StreamVerdict> {
  // The floors before the messages: what was settled in a stream that is lost meanwhile must not pass for settled in the next.
  const content = await readStream(bus, stream)
  const newest = await newestRows(database, stream, comparedRows)
  if (newest.length === 0) return { kind: 'sound' }
  if (!content) return { kind: 'missing' }
  const mark: StreamMark = (await readMark(database, 'stream', stream))?.mark ?? { floors: {} }
  // Its rows would be found lost again until it is through; but a broker that was away may have lost more.
  if (mark.refill && !connectedAnew) return { kind: 'refill', refill: mark.refill, found: false }
  const now = clock()
  const found =
    (await findLoss(database, bus, stream, newest, content, mark)) ?? (await findFallenBehind(database, stream, content, mark, now))
  const refill = found ? merged(mark.refill, { ...found, foundAtMs: now.getTime() }) : mark.refill
  await writeMark(database, 'stream', stream, { floors: floorsAfter(content, found), ...(refill && { refill }) }, now)
  return refill ? { kind: 'refill', refill, found: found !== undefined } : { kind: 'sound' }
}

/** Runs what reads and writes the marks of streams, one at a time over all replicas; undefined if its turn did not come. */
export function withCheckLock<Result>(
  database: Database,
  work: (held: AbortSignal) => Promise<Result>,
  waitMs = longestWaitForCheckMs,
): Promise<Result | undefined> {
  return withDatabaseLock(database, 'outbox-check', work, { waitMs })
}

/** From when on what the stream took may still be in it; what is older is published by nobody again. */
export function retainedSinceMs({ maxAgeMs }: StreamContent, now: Date): number {
  return now.getTime() - Math.min(maxAgeMs, longestRetentionMs)
}

async function findLoss(
  database: Database,
  bus: Bus,
  stream: string,
  rows: readonly PositionedRow[],
  content: StreamContent,
  mark: StreamMark,
): Promise<Found | undefined> {
  const held = await areHeld(bus, stream, rows, content.firstSequence)
  if (!held.includes(false)) return undefined
  // Once more where the stream begins: what it has dropped meanwhile it has not lost.
  const firstSequence = (await readStream(bus, stream))?.firstSequence
  if (firstSequence === undefined) throw new Error(`${stream} is gone`)
  const lowestLost = rows.findLastIndex(({ sequence }, index) => !held[index] && sequence >= firstSequence)
  const lost = rows[lowestLost]
  if (!lost) return undefined
  const heldThrough = rows[lowestLost + 1]?.sequence ?? firstSequence - 1
  const after = await findLastHeld<PositionedRow>({
    heldThrough: Math.min(heldThrough, lost.sequence - 1),
    lostAt: lost.sequence,
    newestAtOrBelow: async (sequence) => (await newestRows(database, stream, 1, sequence))[0],
    isHeld: async (row) => (await areHeld(bus, stream, [row], firstSequence))[0] === true,
  })
  return { reason: 'lost', after, floor: leastOf(mark.floors) }
}

async function areHeld(bus: Bus, stream: string, rows: readonly PositionedRow[], firstSequence: number): Promise<boolean[]> {
  const inside = rows.filter(({ sequence }) => sequence >= firstSequence)
  const stored = await readStored(
    bus,
    stream,
    inside.map(({ sequence }) => sequence),
  )
  const held = new Set(inside.filter((row, index) => isOf(row, stored[index])))
  // What the stream dropped at its front is no loss: it was too old, or there was too much of it.
  return rows.map((row) => row.sequence < firstSequence || held.has(row))
}

/** A durable that had more to settle than the stream still holds, by what it had settled at the last check. */
async function findFallenBehind(
  database: Database,
  stream: string,
  content: StreamContent,
  mark: StreamMark,
  now: Date,
): Promise<Found | undefined> {
  const { firstSequence, floors } = content
  const behind = Object.entries(floors).flatMap(([durable, floor]) => {
    // One that is new had no claim to what was dropped before it came.
    const settled = Math.max(floor, mark.floors[durable] ?? firstSequence)
    return settled < firstSequence - 1 ? [settled] : []
  })
  if (behind.length === 0) return undefined
  const after = Math.min(...behind)
  const [row] = await newestRows(database, stream, 1, firstSequence - 1)
  if (!row || row.sequence <= after || row.publishedAtMs <= retainedSinceMs(content, now)) return undefined
  return { reason: 'fell_behind', after, through: firstSequence - 1, floor: after }
}

/** After a loss the sequences above its beginning are given again: nothing that stands there is settled. */
function floorsAfter({ floors }: StreamContent, found: Found | undefined): StreamMark['floors'] {
  if (found?.reason !== 'lost') return floors
  return Object.fromEntries(Object.entries(floors).map(([durable, floor]) => [durable, Math.min(floor, found.after)]))
}

/** With nobody who has settled anything, nothing is settled. */
function leastOf(floors: StreamMark['floors']): number {
  const all = Object.values(floors)
  return all.length === 0 ? 0 : Math.min(...all)
}

/** One refill that does the work of both. */
function merged(pending: PendingRefill | undefined, found: PendingRefill): PendingRefill {
  if (!pending) return found
  const { through: _through, ...rest } = found
  return {
    ...rest,
    reason: pending.reason === 'lost' ? 'lost' : found.reason,
    after: Math.min(pending.after, found.after),
    floor: Math.min(pending.floor, found.floor),
    ...(pending.through !== undefined && found.through !== undefined && { through: Math.max(pending.through, found.through) }),
  }
}
