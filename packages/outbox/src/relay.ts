import { setTimeout as wait } from 'node:timers/promises'
import type { Bus } from '@frontdesk/bus'
import type { Telemetry } from '@frontdesk/telemetry'
import type { PendingRow } from './pending-row.ts'
import type { Publisher, PublishResult } from './publisher.ts'
import type { Refill } from './refill.ts'
import { createRowQueue } from './row-queue.ts'
import { createWorker } from './worker.ts'

/** Publishes rows right after their commit, from a bounded queue in memory. */
export interface Relay {
  /** Takes what fits; the rest belongs to the sweeper. Never throws. */
  offer(rows: readonly PendingRow[]): void
  /** Resolves when nothing is under way any more, or after the limit; what is left belongs to a sweeper. */
  flush(timeoutMs: number): Promise<void>
  /** Resolves once the outcomes that there are now have been written down, or could not be. */
  recorded(): Promise<void>
}

interface RelayOptions {
  readonly bus: Pick<Bus, 'status'>
  readonly refill: Pick<Refill, 'checked' | 'whenChecked'>
  readonly publisher: Publisher
  readonly telemetry: Telemetry
  readonly queueLimit: number
  readonly queueLimitBytes: number
  /** From one batch to the next while they are large (20 when left out). */
  readonly batchIntervalMs?: number
  readonly clock: () => Date
}

const rowsPerPublish = 256
/** So many of one batch say that more are on their way: what a broker and its client cost is mostly by the batch, and waiting makes the next one larger. */
const rowsUnderLoad = 16
/** Far less than the age at which the sweeper would publish a row again. */
const recordDelayMs = 50

/** A relay with a queue of its own; while one batch is at the broker, the one before is being marked. */
export function createRelay(options: RelayOptions): Relay {
  const { bus, refill, publisher, telemetry, clock, batchIntervalMs = 20 } = options
  const { logger, metrics } = telemetry
  const leftToSweeper = metrics.counter('outbox_left_to_sweeper_total', 'Rows that the relay left to the sweeper.', ['reason'])
  const queue = createRowQueue(options.queueLimit, options.queueLimitBytes)
  metrics.gauge('outbox_relay_queue', 'Rows in the relay’s memory queue.', [], (gauge) => gauge.set(queue.length()))
  const closing = Promise.withResolvers<void>()
  let closed = false
  let hurry = () => {}
  let unrecorded: PublishResult[] = []
  let nextBatchMs = 0

  function leave(reason: 'overflow' | 'too_old' | 'broker_away', rows: number): void {
    if (rows > 0) leftToSweeper.inc({ reason }, rows)
  }

  /** Whether there is a broker whose streams were checked; waits for that until the relay is closed, and then for a check that is under way. */
  async function brokerIsThere(): Promise<boolean> {
    if (!refill.checked()) await Promise.race([refill.whenChecked(), closing.promise])
    if (!refill.checked() && bus.status() === 'connected') await refill.whenChecked()
    return refill.checked()
  }

  async function keepInterval(): Promise<void> {
    const earlyMs = nextBatchMs - performance.now()
    if (earlyMs > 0 && queue.length() < rowsPerPublish && !closed) await wait(earlyMs)
  }

  /** Not by a race with `closing`, which would keep something of each for as long as it waits itself. */
  async function more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, recordDelayMs)
    timer.unref()
    hurry = resolve
    await promise
    clearTimeout(timer)
  }

  const publishing = createWorker(async () => {
    // One batch at the broker at a time; what comes meanwhile makes the next one larger.
    while (queue.length() > 0) {
      await keepInterval()
      if (!(await brokerIsThere())) break
      const batch = queue.take(rowsPerPublish)
      nextBatchMs = batch.length < rowsUnderLoad ? 0 : performance.now() + batchIntervalMs
      const now = clock().getTime()
      const ours = batch.filter((row) => row.sweepableAtMs > now)
      leave('too_old', batch.length - ours.length)
      if (ours.length === 0) continue
      const result = await publisher.publish(ours, 'relay')
      leave('broker_away', result.away)
      if (result.published.length + result.failed.length === 0) continue
      unrecorded.push(result)
      recording.wake()
    }
  })

  const recording = createWorker(async () => {
    // What is published meanwhile shares the statement, and its sync to disk.
    if (!closed) await more()
    const results = unrecorded
    unrecorded = []
    try {
      await publisher.record(results)
    } catch (error) {
      logger.warn({ err: error }, 'could not mark published rows, the sweeper publishes them again')
    }
  })

  return {
    offer(rows) {
      const taken = closed ? 0 : queue.offer(rows)
      leave('overflow', rows.length - taken)
      publishing.wake()
    },
    async flush(timeoutMs) {
      closed = true
      closing.resolve()
      hurry()
      const limit = Promise.withResolvers<void>()
      const timer = setTimeout(limit.resolve, timeoutMs)
      await Promise.race([publishing.idle().then(() => recording.idle()), limit.promise])
      clearTimeout(timer)
      queue.clear()
    },
    recorded: () => recording.done(),
  }
}
