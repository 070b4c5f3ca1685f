import { acrossCompanies, type Database } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import { count, eq, min } from 'drizzle-orm'
import { messages } from './schema/messages.ts'

/** What an operator has to see: how long the queue waits, and what a person has to decide. */
export function measureQueue(database: Database, { metrics }: Telemetry, now: () => Date): void {
  metrics.gauge(
    'messaging_queue_age_seconds',
    'How long the message that waits longest has waited, however often it was tried.',
    [],
    async (gauge) => {
      const [row] = await acrossCompanies('age of the queue', () =>
        database.orm
          .select({ queuedAt: min(messages.queuedAt) })
          .from(messages)
          .where(eq(messages.status, 'queued')),
      )
      gauge.set(row?.queuedAt ? Math.max(0, now().getTime() - row.queuedAt.getTime()) / 1_000 : 0)
    },
  )
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
