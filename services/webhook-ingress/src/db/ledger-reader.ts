import { type EventId, parseEventId } from '@frontdesk/contracts'
import { type Database, isStorableInstant } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, count, desc, eq, gte, inArray, lt, or, type SQL } from 'drizzle-orm'
import type { LedgerEntry, LedgerFilter, LedgerQuery, LedgerReader } from '../app/ports.ts'
import { readPublications } from './publications.ts'
import { deliveries } from './schema/deliveries.ts'
import { events } from './schema/events.ts'

const eventColumns = {
  eventId: events.eventId,
  deliveryId: events.deliveryId,
  provider: events.provider,
  connectionId: events.connectionId,
  type: events.type,
  entityId: events.entityId,
  receivedAt: events.receivedAt,
}

type EventRow = Omit<typeof events.$inferSelect, 'claim' | 'revision'>

/** The ledger of the ingress's own database. */
export function createLedgerReader(database: Database): LedgerReader {
  return {
    async event(id) {
      const [row] = await database.orm.select(eventColumns).from(events).where(eq(events.eventId, id))
      return row && toEntry(row)
    },

    async list(query) {
      const rows = await eventsOf(database.orm, query)
      const { limit } = query
      const last = rows.length === limit ? rows.at(-1) : undefined
      return { events: rows.map(toEntry), nextPageToken: last ? `${last.receivedAt.getTime()}.${last.eventId}` : '' }
    },

    publications: (ids) => readPublications(database, ids),

    async delivery(id) {
      const [row] = await database.orm.select().from(deliveries).where(eq(deliveries.deliveryId, id))
      if (!row) return undefined
      const { deliveryId, connectionId, body, ...rest } = row
      return { ...rest, id: deliveryId, connectionId: connectionId ?? undefined, rawBody: Buffer.from(body) }
    },

    async count(filter) {
      const [row] = await database.orm.select({ matching: count() }).from(events).where(matching(filter))
      return BigInt(row?.matching ?? 0)
    },

    async countAccepted() {
      const [row] = await database.orm.select({ accepted: count() }).from(events)
      return BigInt(row?.accepted ?? 0)
    },
  }
}

/** By entity from its own index, else by time; the other conditions are looked at row by row. */
export function eventsOf(orm: Database['orm'], { limit, pageToken, ...filter }: LedgerQuery) {
  return (
    orm
      .select(eventColumns)
      // Where most rows match, the optimizer would rather read and sort them all than follow the time.
      .from(events, { forceIndex: [filter.entityId === undefined ? 'events_by_time' : 'events_by_entity'] })
      .where(and(matching(filter), pageToken === '' ? undefined : olderThan(parsePageToken(pageToken))))
      .orderBy(desc(events.receivedAt), desc(events.eventId))
      .limit(limit)
  )
}

export function matching({ provider, types, entityId, connectionId, receivedFrom, receivedUntil }: LedgerFilter): SQL | undefined {
  return and(
    provider === undefined ? undefined : eq(events.provider, provider),
    types.length === 0 ? undefined : inArray(events.type, [...types]),
    entityId === undefined ? undefined : eq(events.entityId, entityId),
    connectionId === undefined ? undefined : eq(events.connectionId, connectionId),
    receivedFrom && gte(events.receivedAt, receivedFrom),
    receivedUntil && lt(events.receivedAt, receivedUntil),
  )
}

function toEntry(row: EventRow): LedgerEntry {
  return { ...row, connectionId: row.connectionId ?? undefined }
}

interface Position {
  readonly receivedAt: Date
  readonly eventId: EventId
}

function olderThan({ receivedAt, eventId }: Position): SQL | undefined {
  return or(lt(events.receivedAt, receivedAt), and(eq(events.receivedAt, receivedAt), lt(events.eventId, eventId)))
}

function parsePageToken(token: string): Position {
  const [millis = '', id = ''] = token.split('.')
  const eventId = parseEventId(id)
  const receivedAt = new Date(/^\d{1,15}$/.test(millis) ? Number(millis) : Number.NaN)
  if (!eventId || !isStorableInstant(receivedAt)) {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'page_token: not one that we gave. Begin again without it.' })
  }
  return { receivedAt, eventId }
}
