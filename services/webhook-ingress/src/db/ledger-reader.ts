import { type EventId, parseEventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, count, desc, eq, lt, or, type SQL } from 'drizzle-orm'
import { deliveries } from './schema/deliveries.ts'
import { events } from './schema/events.ts'

export type LedgerEventRow = Omit<typeof events.$inferSelect, 'claim'>
export type DeliveryRow = typeof deliveries.$inferSelect

/** What to list; each undefined field matches all. */
export interface LedgerQuery {
  readonly provider: string | undefined
  readonly type: string | undefined
  readonly entityId: string | undefined
  readonly limit: number
  /** From the last page; empty for the first. */
  readonly pageToken: string
}

/** Reads what the ingress accepted. */
export interface LedgerReader {
  event(id: EventId): Promise<LedgerEventRow | undefined>
  /** Newest first, with the token of the next page, empty on the last one. */
  list(query: LedgerQuery): Promise<{ events: LedgerEventRow[]; nextPageToken: string }>
  delivery(id: string): Promise<DeliveryRow | undefined>
  countAccepted(): Promise<bigint>
}

const eventColumns = {
  eventId: events.eventId,
  deliveryId: events.deliveryId,
  provider: events.provider,
  connectionId: events.connectionId,
  type: events.type,
  entityId: events.entityId,
  receivedAt: events.receivedAt,
}

export function createLedgerReader(database: Database): LedgerReader {
  return {
    async event(id) {
      const [row] = await database.orm.select(eventColumns).from(events).where(eq(events.eventId, id))
      return row
    },

    async list({ provider, type, entityId, limit, pageToken }) {
      const rows = await database.orm
        .select(eventColumns)
        .from(events)
        .where(
          and(
            provider === undefined ? undefined : eq(events.provider, provider),
            type === undefined ? undefined : eq(events.type, type),
            entityId === undefined ? undefined : eq(events.entityId, entityId),
            pageToken === '' ? undefined : olderThan(parsePageToken(pageToken)),
          ),
        )
        .orderBy(desc(events.receivedAt), desc(events.eventId))
        .limit(limit)
      const last = rows.length === limit ? rows.at(-1) : undefined
      return { events: rows, nextPageToken: last ? `${last.receivedAt.getTime()}.${last.eventId}` : '' }
    },

    async delivery(id) {
      const [row] = await database.orm.select().from(deliveries).where(eq(deliveries.deliveryId, id))
      return row
    },

    async countAccepted() {
      const [row] = await database.orm.select({ accepted: count() }).from(events)
      return BigInt(row?.accepted ?? 0)
    },
  }
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
  if (!eventId || Number.isNaN(receivedAt.getTime())) {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'page_token: not one that we gave. Begin again without it.' })
  }
  return { receivedAt, eventId }
}
