import type { Bus, PublishOutcome } from '@frontdesk/bus'
import { streamOf } from '@frontdesk/bus'
import type { Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { FailedRow, PublishedRow } from './marks.ts'
import { backOffRows, markPublished } from './marks.ts'
import type { PendingRow } from './pending-row.ts'
import type { Clearance } from './refill.ts'

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

interface PublisherOptions {
  readonly database: Database
  readonly bus: Bus
  readonly telemetry: Telemetry
  readonly clock: () => Date
  /** Whether the stream may be published to. */
  readonly clearance: (stream: string) => Clearance
}

/** The one way from rows to the broker, for relay and sweeper alike. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { database, bus, telemetry, clock, clearance } = options
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

  /** Over the connection for which the rows' streams were cleared: not over a later one, whose stream may have lost its end. */
  async function publishCleared(rows: readonly PendingRow[]): Promise<PublishOutcome[]> {
    const outcomes: PublishOutcome[] = []
    const cleared: { index: number; row: PendingRow }[] = []
    let connection: AbortSignal | undefined
    for (const [index, row] of rows.entries()) {
      const stream = streamOf(row.message.subject)
      const given = stream === undefined ? 'unchecked' : clearance(stream)
      if (stream === undefined) outcomes[index] = { ok: false, reason: 'wrong_subject', detail: 'no stream of ours owns the subject' }
      else if (given === 'unchecked') outcomes[index] = { ok: false, reason: 'not_connected', detail: 'the streams are not checked yet' }
      else if (given === 'missing') outcomes[index] = { ok: false, reason: 'not_connected', detail: `the broker has no ${stream}` }
      else {
        connection = given.during
        cleared.push({ index, row })
      }
    }
    if (!connection) return outcomes
    const given = await bus.publish(
      cleared.map(({ row }) => row.message),
      { during: connection },
    )
    for (const [position, { index }] of cleared.entries()) outcomes[index] = given[position] as PublishOutcome
    return outcomes
  }

  return {
    async publish(rows, by) {
      const outcomes = await publishCleared(rows)
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
