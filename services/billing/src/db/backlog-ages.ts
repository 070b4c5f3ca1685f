import { acrossCompanies, type Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import { min } from 'drizzle-orm'
import { refetches } from './schema/refetches.ts'
import { usageRecords } from './schema/usage-records.ts'

/** Tells at each scrape how long the oldest fetch and the oldest report have waited; 0 where none waits. */
export function measureBacklogs({ orm }: Database, { metrics }: Telemetry, now: () => Date): void {
  const ageOf = (since: Date | null | undefined) => (since ? Math.max(0, now().getTime() - since.getTime()) / 1_000 : 0)
  metrics.gauge('billing_refetch_backlog_age_seconds', 'How long the oldest change at Stripe waits to be mirrored.', [], async (gauge) => {
    const [oldest] = await acrossCompanies('the age of what is to be fetched', () => oldestRefetch(orm))
    gauge.set(ageOf(oldest?.since))
  })
  metrics.gauge('billing_meter_backlog_age_seconds', 'How long the oldest usage waits to be reported to Stripe.', [], async (gauge) => {
    const [oldest] = await acrossCompanies('the age of what is to be reported', () => oldestReport(orm))
    gauge.set(ageOf(oldest?.since))
  })
}

export function oldestRefetch(orm: Database['orm']) {
  return orm.select({ since: min(refetches.requestedAt) }).from(refetches)
}

export function oldestReport(orm: Database['orm']) {
  return orm.select({ since: min(usageRecords.unreportedSince) }).from(usageRecords)
}
