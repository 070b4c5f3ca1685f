import type { Database } from '@frontdesk/database'
import type { Gauge, Telemetry } from '@frontdesk/telemetry'
import type { SQL } from 'drizzle-orm'
import { and, count as countRows, eq, gt, ne } from 'drizzle-orm'
import { inbox, outbox } from './tables.ts'
import { firstWaiting } from './waiting.ts'

const dayMs = 24 * 60 * 60 * 1_000

/** Tells at each scrape how long the oldest committed event has waited for the broker; 0 where none waits. */
export function measureOutboxAge(database: Database, { metrics }: Telemetry, clock: () => Date): void {
  const help = 'Age of the oldest event that is committed and not yet acknowledged by the broker.'
  metrics.gauge('outbox_oldest_unpublished_age_seconds', help, [], async (gauge) => {
    const createdAt = await oldestUnpublished(database)
    gauge.set(createdAt === undefined ? 0 : Math.max(0, clock().getTime() - createdAt.getTime()) / 1_000)
  })
}

/**
 * Tells at each scrape how many dead letters wait for a redrive, and how many messages of the last day no handler could
 * be given, which nothing ever ends. Measured, since a counter's first increment from nothing is none to Prometheus.
 */
export function measureDeadLetters(database: Database, { metrics }: Telemetry, clock: () => Date): void {
  const count = async (gauge: Gauge<'handler'>, which: SQL | undefined) => {
    const rows = await database.orm
      .select({ handler: inbox.handler, letters: countRows() })
      .from(inbox)
      .where(and(eq(inbox.outcome, 'dead'), which))
      .groupBy(inbox.handler)
    gauge.reset()
    for (const { handler, letters } of rows) gauge.set({ handler }, letters)
  }
  metrics.gauge('inbox_dead_letters', 'Dead letters that wait for a redrive.', ['handler'], (gauge) =>
    count(gauge, ne(inbox.eventType, 'undecodable')),
  )
  metrics.gauge('inbox_undecodable_messages', 'Messages of the last 24 hours that could not be read.', ['handler'], (gauge) =>
    count(gauge, and(eq(inbox.eventType, 'undecodable'), gt(inbox.handledAt, new Date(clock().getTime() - dayMs)))),
  )
}

async function oldestUnpublished(database: Database): Promise<Date | undefined> {
  const [first] = await firstWaiting(database.orm)
  if (!first?.id) return undefined
  const [row] = await database.orm.select({ createdAt: outbox.createdAt }).from(outbox).where(eq(outbox.id, first.id))
  return row?.createdAt
}
