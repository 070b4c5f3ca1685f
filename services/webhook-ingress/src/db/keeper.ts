import { setTimeout as wait } from 'node:timers/promises'
import { type Database, withDatabaseLock } from '@frontdesk/database'
import { firstRowSince } from '@frontdesk/outbox'
import type { Telemetry } from '@frontdesk/telemetry'
import { planPartitions } from '../domain/day-partitions.ts'
import { addBodyPartitions, bodyPartitions, dropBodyPartitions } from './body-partitions.ts'

/** How long the ledger keeps what; each in days. */
export interface Retention {
  readonly bodies: number
  readonly eventIds: number
  readonly outbox: number
  readonly refusals: number
}

/** Makes the coming days' partitions and forgets what is old, as the one of all replicas that holds the database's lock. */
export interface Keeper extends AsyncDisposable {
  /** Does all of it now; undefined if another replica is at it. */
  keep(): Promise<true | undefined>
}

interface KeeperOptions {
  readonly database: Database
  readonly telemetry: Telemetry
  readonly retention: Retention
  readonly clock: () => Date
  /** 10 minutes when left out. */
  readonly intervalMs?: number
}

const dayMs = 24 * 60 * 60 * 1_000
/** As long may this stand still before deliveries share one partition that is costly to split. */
const daysAhead = 30
const rowsPerDelete = 1_000
/** How much longer than a deletion the pause behind it is: it shares the database with webhooks that wait for an answer. */
const pauseFactor = 4

// Rows go in the order of an index, a bounded number at a time, so that no statement holds locks for long.
const outboxPruning = 'delete from outbox where id >= ? and id < ? and published_at < ?'
const prunings = [
  { what: 'revisions', kept: 'bodies', text: 'delete from event_revisions where created_at < ? order by created_at limit ?' },
  { what: 'refusals', kept: 'refusals', text: 'delete from refusals where at < ? order by at limit ?' },
  { what: 'eventIds', kept: 'eventIds', text: 'delete from events where received_at < ? order by received_at limit ?' },
] as const

/** A keeper that works now and at each interval. */
export function startKeeper({ database, telemetry, retention, clock, intervalMs = 10 * 60_000 }: KeeperOptions): Keeper {
  const { logger, metrics } = telemetry
  const pruned = metrics.counter('ledger_pruned_total', 'Rows, and of bodies whole days, that were past their retention.', ['what'])
  metrics.gauge('ledger_days_ahead', 'Coming days that the ledger has a partition for.', [], async (gauge) => {
    const days = await bodyPartitions(database)
    gauge.set(days.filter(({ end }) => end.getTime() > clock().getTime() + dayMs).length)
  })
  const stop = new AbortController()
  const pause = (ms: number) => wait(ms, undefined, { signal: stop.signal }).catch(() => undefined)

  async function keepPartitions(): Promise<void> {
    const existing = await bodyPartitions(database)
    const { add, drop } = planPartitions(existing, { now: clock(), daysKept: retention.bodies, daysAhead })
    await addBodyPartitions(database, add, stop.signal)
    await dropBodyPartitions(database, drop, stop.signal)
    pruned.inc({ what: 'bodies' }, drop.length)
    if (drop.length > 0) logger.info({ days: drop.map(({ name }) => name) }, 'bodies past their retention were dropped')
  }

  const endOf = (kept: keyof Retention) => new Date(clock().getTime() - retention[kept] * dayMs)

  /** By so many ids at a time: of old rows those stay that wait yet or were published again lately. */
  async function pruneOutbox(lost: AbortSignal): Promise<void> {
    const before = endOf('outbox')
    const end = await firstRowSince(database, before)
    let from = 0n
    while (from < end && !lost.aborted && !stop.signal.aborted) {
      const begun = performance.now()
      // Each begins where the one before ended.
      const { rows } = await database.execute('select id from outbox where id >= ? order by id limit 1 offset ?', [from, rowsPerDelete])
      const next = rows[0] ? BigInt(String(rows[0]['id'])) : end
      const until = next < end ? next : end
      const { affectedRows } = await database.execute(outboxPruning, [from, until, before])
      pruned.inc({ what: 'outbox' }, affectedRows)
      from = until
      if (from < end) await pause((performance.now() - begun) * pauseFactor)
    }
  }

  async function prune({ what, kept, text }: (typeof prunings)[number], lost: AbortSignal): Promise<void> {
    const before = endOf(kept)
    let affected = rowsPerDelete
    while (affected === rowsPerDelete && !lost.aborted && !stop.signal.aborted) {
      const begun = performance.now()
      // Each commits by itself; the next one begins where it ended.
      affected = (await database.execute(text, [before, rowsPerDelete])).affectedRows
      pruned.inc({ what }, affected)
      if (affected === rowsPerDelete) await pause((performance.now() - begun) * pauseFactor)
    }
  }

  function tell(what: string, error: unknown): void {
    if (!stop.signal.aborted)
      logger.error({ err: error, what }, 'what is past its retention could not be pruned; the next round tries again')
  }

  const keep = () =>
    withDatabaseLock(
      database,
      'ledger-keeper',
      async (lost) => {
        await keepPartitions()
        // One kind after the other, and none stops the next.
        await pruneOutbox(lost).catch((error: unknown) => tell('outbox', error))
        for (const pruning of prunings) await prune(pruning, lost).catch((error: unknown) => tell(pruning.what, error))
        return true as const
      },
      { waitMs: 0 },
    )

  const keeping = (async () => {
    while (!stop.signal.aborted) {
      await keep().catch((error: unknown) => {
        if (!stop.signal.aborted) logger.error({ err: error }, 'the ledger’s retention could not be kept; trying again')
      })
      await pause(intervalMs)
    }
  })()

  return {
    keep,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await keeping
    },
  }
}
