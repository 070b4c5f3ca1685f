import type { Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import { count, eq, isNull, min } from 'drizzle-orm'
import { inbox, outbox } from './tables.ts'

/** Tells at each scrape how long the oldest committed event has waited for the broker; 0 where none waits. */
export function measureOutboxAge(database: Database, { metrics }: Telemetry, clock: () => Date): void {
  const help = 'Age of the oldest event that is committed and not yet acknowledged by the broker.'
  metrics.gauge('outbox_oldest_unpublished_age_seconds', help, [], async (gauge) => {
    const createdAt = await oldestUnpublished(database)
    gauge.set(createdAt === undefined ? 0 : Math.max(0, clock().getTime() - createdAt.getTime()) / 1_000)
  })
}

/** Tells at each scrape how many dead letters wait for a redrive: a counter's first one would not show as an increase. */
export function measureDeadLetters(database: Database, { metrics }: Telemetry): void {
  metrics.gauge('inbox_dead_letters', 'Dead letters that wait for a redrive.', ['handler'], async (gauge) => {
    const rows = await database.orm
      .select({ handler: inbox.handler, letters: count() })
      .from(inbox)
      .where(eq(inbox.outcome, 'dead'))
      .groupBy(inbox.handler)
    gauge.reset()
    for (const { handler, letters } of rows) gauge.set({ handler }, letters)
  })
}

/** By the lowest id, which the index alone gives: a million waiting rows are not read to be aged. */
async function oldestUnpublished(database: Database): Promise<Date | undefined> {
  const [first] = await database.orm
    .select({ id: min(outbox.id) })
    .from(outbox)
    .where(isNull(outbox.publishedAt))
  if (!first?.id) return undefined
  const [row] = await database.orm.select({ createdAt: outbox.createdAt }).from(outbox).where(eq(outbox.id, first.id))
  return row?.createdAt
}
