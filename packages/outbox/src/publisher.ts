import type { Bus, PublishOutcome } from '@frontdesk/bus'
import type { Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { FailedRow, PublishedRow } from './marks.ts'
import { backOffRows, markPublished } from './marks.ts'
import type { PendingRow } from './pending-row.ts'

/** What became of a batch that was given to the broker. */
export interface PublishResult {
  readonly published: readonly PublishedRow[]
  readonly failed: readonly FailedRow[]
  /** The broker is away: its rows wait, and nothing is held against them. */
  readonly away: number
}

/** Publishes rows and keeps in the table what became of them. */
export interface Publisher {
  publish(rows: readonly PendingRow[], by: 'relay' | 'sweeper'): Promise<PublishResult>
  /** Writes the result down; the rows of a result that is never recorded are published again, under the same message id. */
  record(results: readonly PublishResult[]): Promise<void>
}

type Refusal = Extract<PublishOutcome, { ok: false }>['reason']

/** These concern the row itself, so trying soon again is no use; the others pass with the broker's trouble. */
const ownFault: ReadonlySet<Refusal> = new Set(['too_large', 'wrong_subject', 'rejected'])
const longestBackoffMs = { ownFault: 10 * 60_000, passing: 30_000 }
const firstBackoffMs = 1_000

/** The delay before a row is tried again after its nth failure, in ms: doubling, at most 10 min, 30 s where the broker is to blame. */
export function publishBackoffMs(reason: Refusal, failures: number): number {
  return Math.min(
    firstBackoffMs * 2 ** Math.min(failures - 1, 20),
    ownFault.has(reason) ? longestBackoffMs.ownFault : longestBackoffMs.passing,
  )
}

/** The one way from rows to the broker, for relay and sweeper alike. */
export function createPublisher(options: { database: Database; bus: Bus; telemetry: Telemetry; clock: () => Date }): Publisher {
  const { database, bus, telemetry, clock } = options
  const publishedTotal = telemetry.metrics.counter('outbox_published_total', 'Outbox rows that the broker acknowledged.', ['by'])
  const failedTotal = telemetry.metrics.counter('outbox_publish_failures_total', 'Outbox rows that could not be published.', ['reason'])

  function failure(row: PendingRow, outcome: Refusal, detail: string): FailedRow {
    failedTotal.inc({ reason: outcome })
    const { id, type } = row.message.envelope
    const logged = { outboxId: row.id.toString(), eventId: id, eventType: type, subject: row.message.subject, attempts: row.attempts + 1 }
    if (ownFault.has(outcome))
      telemetry.logger.error({ ...logged, reason: outcome, detail }, 'outbox row cannot be published, it backs off')
    const retryAt = new Date(clock().getTime() + publishBackoffMs(outcome, row.attempts + 1))
    return { id: row.id, retryAt, error: `${outcome}: ${detail}` }
  }

  return {
    async publish(rows, by) {
      const outcomes = await bus.publish(rows.map((row) => row.message))
      const published: PublishedRow[] = []
      const failed: FailedRow[] = []
      let away = 0
      for (const [index, row] of rows.entries()) {
        const outcome = outcomes[index]
        if (outcome?.ok) published.push({ id: row.id, stream: outcome.stream, sequence: outcome.sequence })
        else if (!outcome || outcome.reason === 'not_connected') away++
        else failed.push(failure(row, outcome.reason, outcome.detail))
      }
      publishedTotal.inc({ by }, published.length)
      return { published, failed, away }
    },

    async record(results) {
      await markPublished(
        database,
        results.flatMap((result) => result.published),
        clock(),
      )
      await backOffRows(
        database,
        results.flatMap((result) => result.failed),
      )
    },
  }
}
