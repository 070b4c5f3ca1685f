import type { EventId } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { outbox, rowsOf } from '@frontdesk/outbox'
import { inArray } from 'drizzle-orm'
import type { Content, RevisedEvent } from '../app/decide-revision.ts'

/** What the webhooks of these events published: the outbox rows of their first revisions. */
export async function readFirstContents(database: Database, events: readonly RevisedEvent[]): Promise<ReadonlyMap<EventId, Content>> {
  const found = await rowsOf(
    database,
    events.map(({ eventId, receivedAt }) => ({ eventId, revision: 1, at: receivedAt })),
  )
  if (found.length === 0) return new Map()
  const rows = await database.orm
    .select({ id: outbox.eventId, type: outbox.eventType, entityId: outbox.entityId, occurredAt: outbox.occurredAt, body: outbox.body })
    .from(outbox)
    .where(inArray(outbox.id, padded(found.map(({ id }) => id))))
  return new Map(rows.map(({ id, ...content }) => [id, content]))
}
