import { acrossCompanies, type Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import { and, count, eq, isNotNull, min } from 'drizzle-orm'
import { messages } from './schema/messages.ts'

/** What an operator has to see: how long the queue waits, and what a person has to decide. */
export function measureQueue(database: Database, { metrics }: Telemetry, now: () => Date): void {
  metrics.gauge('messaging_queue_age_seconds', 'How long ago the message that waits longest should have been sent.', [], async (gauge) => {
    const [row] = await acrossCompanies('age of the queue', () =>
      database.orm
        .select({ dueAt: min(messages.dueAt) })
        .from(messages)
        .where(and(eq(messages.status, 'queued'), isNotNull(messages.dueAt))),
    )
    gauge.set(row?.dueAt ? Math.max(0, now().getTime() - row.dueAt.getTime()) / 1_000 : 0)
  })
  metrics.gauge(
    'messaging_unconfirmed_messages',
    'Messages whose outcome is unknown for so long that a person has to decide.',
    [],
    async (gauge) => {
      const [row] = await acrossCompanies('unconfirmed messages', () =>
        database.orm.select({ messages: count() }).from(messages).where(eq(messages.status, 'unconfirmed')),
      )
      gauge.set(row?.messages ?? 0)
    },
  )
}
