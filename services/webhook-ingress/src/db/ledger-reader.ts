import type { EventId } from '@frontdesk/contracts'
import { type Database, keyset, padded, type Position, positionToken } from '@frontdesk/database'
import { and, count, eq, gt, gte, inArray, lt, or, type SQL } from 'drizzle-orm'
import type { LedgerEntry, LedgerFilter, LedgerQuery, LedgerReader } from '../app/ports.ts'
import { readPublications } from './publications.ts'
import { deliveries } from './schema/deliveries.ts'
import { byId, events } from './schema/events.ts'
import { toDelivery } from './to-delivery.ts'

const eventColumns = {
  eventId: events.eventId,
  deliveryId: events.deliveryId,
  provider: events.provider,
  connectionId: events.connectionId,
  type: events.type,
  entityId: events.entityId,
  receivedAt: events.receivedAt,
  revision: events.revision,
  verifiedBy: events.verifiedBy,
}
const byTime = keyset(events.receivedAt, events.eventId, 'latest first')

type EventRow = Omit<typeof events.$inferSelect, 'claim'>

export interface LedgerReaderOptions {
  /** How many rows one look passes at most where few of them match, so that no statement is long. */
  readonly rowsPerLook?: number
  /** How long it counts on before it says “at least”. */
  readonly countMs?: number
}

/** The ledger of the ingress's own database. */
export function createLedgerReader(database: Database, { rowsPerLook = 20_000, countMs = 2_000 }: LedgerReaderOptions = {}): LedgerReader {
  const { orm } = database

  async function countAll(filter: LedgerFilter, until: number) {
    let counted = 0n
    let end: Position | undefined
    do {
      const pageToken = end ? positionToken(end) : ''
      // Each look begins where the one before ended.
      end = await endOfLook(orm, { ...filter, pageToken }, rowsPerLook)
      counted += await countWithin(orm, { ...filter, pageToken }, end)
    } while (end && performance.now() < until)
    return { counted, all: end === undefined }
  }

  return {
    async event(id) {
      const [row] = await orm.select(eventColumns).from(events).where(eq(events.eventId, id))
      return row && toEntry(row)
    },

    async list(query) {
      const end = looksAtRows(query) ? await endOfLook(orm, query, rowsPerLook) : undefined
      const rows = await eventsOf(orm, query, end)
      const last = rows.length === query.limit ? rows.at(-1) : undefined
      const next = last ? { instant: last.receivedAt, id: last.eventId } : end
      return { events: rows.map(toEntry), nextPageToken: next ? positionToken(next) : '' }
    },

    publications: (ids) => readPublications(database, ids),

    async newestMatching(filter, ids) {
      const rows = await matchingOf(orm, filter, ids)
      const newest = new Map(rows.map(({ eventId, revision }) => [eventId, revision]))
      const publications = await readPublications(database, [...newest.keys()])
      return publications.filter(({ eventId, revision }) => newest.get(eventId) === revision)
    },

    async delivery(id) {
      const [row] = await orm.select().from(deliveries).where(eq(deliveries.deliveryId, id))
      return row && toDelivery(row)
    },

    count: (filter) => countAll(filter, performance.now() + countMs),

    async countAccepted() {
      return (await countAll(everything, Infinity)).counted
    },
  }
}

/** The filter that every event passes. */
export const everything: LedgerFilter = {
  provider: undefined,
  types: [],
  entityId: undefined,
  connectionId: undefined,
  receivedFrom: undefined,
  receivedUntil: undefined,
}

type Place = Omit<LedgerQuery, 'limit'>

/** The last row that a look passes, or undefined if it comes to the end. */
async function endOfLook(orm: Database['orm'], place: Place, rowsPerLook: number): Promise<Position | undefined> {
  const [row] = await placesOf(orm, place, rowsPerLook)
  return row && { instant: row.receivedAt, id: row.eventId }
}

export function placesOf(orm: Database['orm'], place: Place, rowsPerLook: number) {
  return orm
    .select({ receivedAt: events.receivedAt, eventId: events.eventId })
    .from(events, index(place))
    .where(within(place))
    .orderBy(...byTime.order)
    .limit(1)
    .offset(rowsPerLook - 1)
}

/** From the page's beginning to the end of the look, by entity from its own index, else as the rows stand; the rest is looked at row by row. */
export function eventsOf(orm: Database['orm'], query: LedgerQuery, end?: Position) {
  return orm
    .select(eventColumns)
    .from(events, index(query))
    .where(and(within(query), looked(query), upTo(end)))
    .orderBy(...byTime.order)
    .limit(query.limit)
}

async function countWithin(orm: Database['orm'], place: Place, end: Position | undefined): Promise<bigint> {
  const [row] = await orm
    .select({ matching: count() })
    .from(events, index(place))
    .where(and(within(place), looked(place), upTo(end)))
  return BigInt(row?.matching ?? 0)
}

/** Where most rows match, the optimizer would rather read and sort them all than follow the time. */
function index({ entityId }: Pick<LedgerFilter, 'entityId'>) {
  return { forceIndex: [entityId === undefined ? 'PRIMARY' : 'events_by_entity'] }
}

/** Those of the ids that match. */
export function matchingOf(orm: Database['orm'], filter: LedgerFilter, ids: readonly EventId[]) {
  return orm
    .select({ eventId: events.eventId, revision: events.revision })
    .from(events, byId)
    .where(and(inArray(events.eventId, padded(ids)), matching(filter)))
}

/** Whether the index alone does not say which rows match. */
function looksAtRows({ provider, types, connectionId }: LedgerFilter): boolean {
  return provider !== undefined || types.length > 0 || connectionId !== undefined
}

export function matching(filter: LedgerFilter): SQL | undefined {
  return and(inIndex(filter), looked(filter))
}

function inIndex({ entityId, receivedFrom, receivedUntil }: LedgerFilter): SQL | undefined {
  return and(
    entityId === undefined ? undefined : eq(events.entityId, entityId),
    receivedFrom && gte(events.receivedAt, receivedFrom),
    receivedUntil && lt(events.receivedAt, receivedUntil),
  )
}

function looked({ provider, types, connectionId }: LedgerFilter): SQL | undefined {
  return and(
    provider === undefined ? undefined : eq(events.provider, provider),
    types.length === 0 ? undefined : inArray(events.type, [...types]),
    connectionId === undefined ? undefined : eq(events.connectionId, connectionId),
  )
}

function within(place: Place): SQL | undefined {
  return and(inIndex(place), byTime.behind(place.pageToken))
}

function upTo(end: Position | undefined): SQL | undefined {
  if (!end?.instant) return undefined
  const { instant, id } = end
  return and(gte(events.receivedAt, instant), or(gt(events.receivedAt, instant), gte(events.eventId, id as EventId)))
}

function toEntry(row: EventRow): LedgerEntry {
  return { ...row, connectionId: row.connectionId ?? undefined, verifiedBy: row.verifiedBy ?? undefined }
}
