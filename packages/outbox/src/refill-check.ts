import type { Bus, StreamContent } from '@frontdesk/bus'
import { readStored, readStream } from '@frontdesk/bus'
import type { StreamSpec } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { withDatabaseLock } from '@frontdesk/database'
import type { PendingRefill, StreamMark } from './broker-marks.ts'
import { readMark, writeMark } from './broker-marks.ts'
import type { DurablesNow } from './floors.ts'
import { followDurables } from './floors.ts'
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
  const durables = followDurables(stream, content, mark, now)
  const found = [
    await findLoss(database, bus, stream, newest, content, mark, now),
    await findFallenBehind(database, stream, content, durables, now),
  ].filter((refill) => refill !== undefined)
  const refill = found.reduce<PendingRefill | undefined>(merged, mark.refill)
  const floors = floorsAfter(durables, found)
  await writeMark(database, 'stream', stream, { floors, durables: durables.seen, ...(refill && { refill }) }, now)
  return refill ? { kind: 'refill', refill, found: found.length > 0 } : { kind: 'sound' }
}

/** Runs what reads and writes the marks of streams, one at a time over all replicas; undefined if its turn did not come. */
export function withCheckLock<Result>(
  database: Database,
  work: (held: AbortSignal) => Promise<Result>,
  waitMs = longestWaitForCheckMs,
): Promise<Result | undefined> {
  return withDatabaseLock(database, 'outbox-check', work, { waitMs })
}

/** What was published before then is published by nobody again. */
export function oldestRefilledMs(now: Date, { notBeforeMs = 0 }: Pick<PendingRefill, 'notBeforeMs'> = {}): number {
  return Math.max(notBeforeMs, now.getTime() - longestRetentionMs)
}

async function findLoss(
  database: Database,
  bus: Bus,
  stream: string,
  rows: readonly PositionedRow[],
  content: StreamContent,
  mark: StreamMark,
  now: Date,
): Promise<PendingRefill | undefined> {
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
  const foundAtMs = now.getTime()
  return { reason: 'lost', after, floor: leastOf(mark.floors), notBeforeMs: Math.max(0, foundAtMs - content.maxAgeMs), foundAtMs }
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

/** What the stream dropped, by age or for room, before a durable that takes again had settled it. */
async function findFallenBehind(
  database: Database,
  stream: string,
  { firstSequence }: StreamContent,
  { fellBehindFrom: after }: DurablesNow,
  now: Date,
): Promise<PendingRefill | undefined> {
  if (after === undefined) return undefined
  const through = firstSequence - 1
  const [row] = await newestRows(database, stream, 1, through)
  if (!row || row.sequence <= after || row.publishedAtMs <= oldestRefilledMs(now)) return undefined
  return { reason: 'fell_behind', after, through, floor: after, foundAtMs: now.getTime() }
}

/** After a loss the sequences above its beginning are given again: nothing that stands there is settled. */
function floorsAfter({ floors }: DurablesNow, found: readonly PendingRefill[]): StreamMark['floors'] {
  const loss = found.find(({ reason }) => reason === 'lost')
  if (!loss) return floors
  return Object.fromEntries(Object.entries(floors).map(([durable, floor]) => [durable, Math.min(floor, loss.after)]))
}

/** With nobody who has settled anything, nothing is settled. */
function leastOf(floors: StreamMark['floors']): number {
  const all = Object.values(floors)
  return all.length === 0 ? 0 : Math.min(...all)
}

/** One refill that does the work of both. */
function merged(pending: PendingRefill | undefined, found: PendingRefill): PendingRefill {
  if (!pending) return found
  const { through: _through, notBeforeMs: _notBeforeMs, ...rest } = found
  return {
    ...rest,
    reason: pending.reason === 'lost' ? 'lost' : found.reason,
    after: Math.min(pending.after, found.after),
    floor: Math.min(pending.floor, found.floor),
    ...(pending.through !== undefined && found.through !== undefined && { through: Math.max(pending.through, found.through) }),
    ...(pending.notBeforeMs !== undefined &&
      found.notBeforeMs !== undefined && { notBeforeMs: Math.min(pending.notBeforeMs, found.notBeforeMs) }),
  }
}
