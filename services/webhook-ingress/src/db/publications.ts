import type { EventId } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import type { AppendedEvent } from '@frontdesk/outbox'
import { inArray } from 'drizzle-orm'
import { eventRevisions } from './schema/event-revisions.ts'
import { byId, events } from './schema/events.ts'

/** Every revision of the events, rising, and when it was received or decided; what the ledger does not have is left out. */
export async function readPublications({ orm }: Pick<Database, 'orm'>, ids: readonly EventId[]): Promise<AppendedEvent[]> {
  if (ids.length === 0) return []
  const [received, kept] = await Promise.all([
    orm
      .select({ eventId: events.eventId, at: events.receivedAt })
      .from(events, byId)
      .where(inArray(events.eventId, padded(ids))),
    orm
      .select({ eventId: eventRevisions.eventId, revision: eventRevisions.revision, at: eventRevisions.createdAt })
      .from(eventRevisions)
      .where(inArray(eventRevisions.eventId, padded(ids))),
  ])
  // The first is kept only where no webhook brought it.
  const byHand = new Set(kept.filter(({ revision }) => revision === 1).map(({ eventId }) => eventId))
  const byWebhook = received.filter(({ eventId }) => !byHand.has(eventId)).map((event) => ({ ...event, revision: 1 }))
  return [...byWebhook, ...kept].toSorted((a, b) => a.revision - b.revision)
}
