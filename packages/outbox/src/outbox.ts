import type { Bus } from '@frontdesk/bus'
import type { Database, Transaction } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import { createAppend, createPrepareAppend, type PreparedAppend } from './append.ts'
import { measureOutboxAge } from './backlog-metrics.ts'
import type { NewEvent } from './events.ts'
import type { PendingRow } from './pending-row.ts'
import { createPublisher } from './publisher.ts'
import { startRefill } from './refill.ts'
import { createRelay } from './relay.ts'
import { startSweeper } from './sweeper.ts'
import { waitingCount } from './waiting.ts'

/** Where a service's events leave it; disposing flushes what the relay still holds, within a limit. */
export interface Outbox extends AsyncDisposable {
  /** Commits the events with the transaction; they are published right after it. */
  append(tx: Transaction, events: readonly NewEvent[]): Promise<void>
  /** The same as statements, for who commits them in one go with others. */
  prepareAppend(events: readonly NewEvent[]): PreparedAppend
  /** How many events are committed and not yet acknowledged by the broker. */
  unpublished(): Promise<number>
}

/** How an outbox is made. */
export interface OutboxOptions {
  readonly database: Database
  readonly bus: Bus
  readonly telemetry: Telemetry
  /** The `ce-source` of its events: `frontdesk/<service>`. */
  readonly source: string
  /** What the relay's memory queue holds at most, in rows; the sweeper has the rest. */
  readonly queueLimit?: number
  readonly queueLimitBytes?: number
  readonly sweepIntervalMs?: number
  /** The age at which an unpublished row passes from the relay to the sweeper. */
  readonly sweepAgeMs?: number
  readonly flushTimeoutMs?: number
  /** How often the broker's streams are compared with the outbox, besides after each connect. */
  readonly refillIntervalMs?: number
  /** How many lost events are published again in a second at most. */
  readonly refillRatePerSecond?: number
  readonly clock?: () => Date
}

/**
 * An outbox over the `outbox` table: relay after commit, a sweeper for what it leaves, and a refill of what the broker
 * loses. The sweeper takes two of the database's connections at once, its lock's and one to work with, a refill three: a
 * pool of one would never sweep.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  const { database, bus, telemetry, source, queueLimit = 5_000, queueLimitBytes = 32 * 1024 * 1024 } = options
  const { sweepIntervalMs = 1_000, sweepAgeMs = 5_000, flushTimeoutMs = 5_000, clock = () => new Date() } = options

  const { refillIntervalMs = 60_000, refillRatePerSecond = 1_000 } = options

  const refill = startRefill({
    database,
    bus,
    telemetry,
    source,
    intervalMs: refillIntervalMs,
    ratePerSecond: refillRatePerSecond,
    clock,
    settled: () => relay.recorded(),
  })
  const publisher = createPublisher({ database, bus, telemetry, clock, clearance: (stream) => refill.clearance(stream) })
  const relay = createRelay({ bus, refill, publisher, telemetry, queueLimit, queueLimitBytes, clock })
  const appending = { source, sweepAgeMs, clock, afterCommit: (rows: readonly PendingRow[]) => relay.offer(rows) }
  const sweeper = startSweeper({ database, bus, publisher, telemetry, source, intervalMs: sweepIntervalMs, clock })

  async function unpublished(): Promise<number> {
    const [row] = await waitingCount(database.orm)
    return row?.rows ?? 0
  }

  telemetry.metrics.gauge('outbox_unpublished', 'Events committed and not yet acknowledged by the broker.', [], async (gauge) => {
    gauge.set(await unpublished())
  })
  measureOutboxAge(database, telemetry, clock)

  return {
    append: createAppend(appending),
    prepareAppend: createPrepareAppend(appending),
    unpublished,
    async [Symbol.asyncDispose]() {
      await sweeper[Symbol.asyncDispose]()
      await relay.flush(flushTimeoutMs)
      await refill[Symbol.asyncDispose]()
    },
  }
}
