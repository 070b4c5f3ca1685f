import { setTimeout as pause } from 'node:timers/promises'
import type { Bus, OutgoingMessage } from '@frontdesk/bus'
import { readStored, readStream } from '@frontdesk/bus'
import { bulkSubject } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { PendingRefill } from './broker-marks.ts'
import { readMark, writeMark } from './broker-marks.ts'
import type { PublishedRow } from './marks.ts'
import { pendingRowOf } from './pending-row.ts'
import { forgetRows, forgetSettledRows, isOf, moveRows, positionOf, refillFrom, rowsToRefill } from './positions.ts'
import type { OutboxRow } from './tables.ts'
import { oldestRefilledMs, withCheckLock } from './refill-check.ts'

/** What a refill works with. */
export interface RefillRunOptions {
  readonly database: Database
  readonly bus: Bus
  readonly telemetry: Telemetry
  /** The `ce-source` of the events. */
  readonly source: string
  readonly ratePerSecond: number
  readonly clock: () => Date
  readonly onRefilled: (events: number) => void
}

/** How a refill ended: all of it done, or broken off, to go on from its mark. */
export interface RefillResult {
  readonly finished: boolean
  readonly refilled: number
  readonly forgotten: number
}

const rowsPerBatch = 100

/**
 * Publishes again on the bulk lane what a mark says is gone, in its order, slower than the live traffic and while the
 * connection lasts. Each row is looked for once more before, so that a refill can be broken off and begun again anywhere.
 */
export async function runRefill(options: RefillRunOptions, stream: string, during: AbortSignal): Promise<RefillResult> {
  const { database, bus, telemetry, clock } = options
  const done = { refilled: 0, forgotten: 0 }
  let current: PendingRefill | undefined
  let past = refillFrom(0n)
  for (;;) {
    // The mark before each batch: another replica may have found that more is lost, or have finished.
    const { mark } = (await readMark(database, 'stream', stream)) ?? {}
    if (!mark?.refill) return { finished: true, ...done }
    if (during.aborted) return { finished: false, ...done }
    if (current?.foundAtMs !== mark.refill.foundAtMs) {
      current = mark.refill
      past = refillFrom(BigInt(current.after + 1))
      await forgetSettledRows(database, stream, current, during)
    }
    const rows = await rowsToRefill(database.orm, stream, current, past, rowsPerBatch)
    const last = rows.at(-1)
    if (!last) {
      await finish(current)
      // Once more to the mark, which may hold another by now.
      continue
    }
    const startedAt = performance.now()
    const { lost, forgotten } = await sort(rows, current)
    await forgetRows(
      database,
      forgotten.map(({ id }) => id),
    )
    done.forgotten += forgotten.length
    const outcome = await republish(lost)
    done.refilled += outcome.published.length
    options.onRefilled(outcome.published.length)
    if (!outcome.goesOn) return { finished: false, ...done }
    past = { sequence: last.streamSeq ?? 0n, nextAttemptAt: last.nextAttemptAt, id: last.id }
    const leastMs = (outcome.published.length * 1_000) / options.ratePerSecond
    await pause(Math.max(0, leastMs - (performance.now() - startedAt)), undefined, { signal: during }).catch(() => undefined)
  }

  async function finish({ foundAtMs }: PendingRefill): Promise<void> {
    const tried = await withCheckLock(database, async () => {
      const { mark } = (await readMark(database, 'stream', stream)) ?? {}
      if (mark?.refill?.foundAtMs !== foundAtMs) return true
      const { refill: _finished, ...rest } = mark
      await writeMark(database, 'stream', stream, rest, clock())
      return true
    })
    if (!tried) throw new Error('somebody else checks the streams for very long')
  }

  /** The rows whose messages are gone: to be published again, or settled or too old for that. */
  async function sort(rows: readonly OutboxRow[], refill: PendingRefill): Promise<{ lost: OutboxRow[]; forgotten: OutboxRow[] }> {
    if (!(await readStream(bus, stream))) throw new Error(`${stream} is gone again`)
    const since = oldestRefilledMs(clock(), refill)
    const stored = await readStored(
      bus,
      stream,
      rows.map((row) => Number(row.streamSeq)),
    )
    const gone = rows.filter((row, index) => !isOf(positionOf(row), stored[index]))
    const wanted = (row: OutboxRow) => Number(row.streamSeq) > refill.floor && positionOf(row).publishedAtMs > since
    return { lost: gone.filter(wanted), forgotten: gone.filter((row) => !wanted(row)) }
  }

  async function republish(rows: readonly OutboxRow[]): Promise<{ published: PublishedRow[]; goesOn: boolean }> {
    const outcomes = await bus.publish(
      rows.map((row) => again(row)),
      { during },
    )
    const published: PublishedRow[] = []
    let goesOn = true
    for (const [index, row] of rows.entries()) {
      const outcome = outcomes[index]
      if (outcome?.ok) published.push({ id: row.id, stream: outcome.stream, sequence: outcome.sequence })
      else if (outcome?.reason === 'too_large' || outcome?.reason === 'rejected') {
        // Its own fault: the others must not wait for it, and the next check finds it again.
        telemetry.logger.error({ outboxId: row.id.toString(), stream, ...outcome }, 'a lost event cannot be published again')
      } else goesOn = false
    }
    await moveRows(database, published, clock())
    return { published, goesOn }
  }

  /** The same event on the bulk lane; the position that it lost is in its message id, so that it is neither taken for the first nor stored twice. */
  function again(row: OutboxRow): OutgoingMessage {
    const { message } = pendingRowOf(row, options.source)
    const subject = bulkSubject(message.subject)
    return { ...message, subject, repeat: `refill.${row.streamSeq}` }
  }
}
