import type { EventId, EventType } from '@frontdesk/contracts'
import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, count, desc, eq, gte, inArray, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { AttributionQuery, AttributionReader } from '../app/ports.ts'
import { toKeptAttribution, toListedAttribution } from './mapping.ts'
import { attributions } from './schema/attributions.ts'

/** Makes the reader. */
export function createAttributionReader(database: Database): AttributionReader {
  return {
    async find(eventId, revision) {
      const [row] = await attributionOf(database.orm, eventId, revision)
      return row && toKeptAttribution(row)
    },

    async listQuarantined(page) {
      const rows = await quarantinedBefore(database.orm, page)
      return rows.map(toKeptAttribution)
    },

    async list(query) {
      const rows = await attributionsOf(database.orm, query)
      return pageOf(rows, query.limit, toListedAttribution, ({ decidedAt, sequence }) =>
        positionToken({ instant: decidedAt, id: sequence.toString() }),
      )
    },

    async counts() {
      const [row] = await database.orm.select({ all: count(), attributed: count(attributions.companyId) }).from(attributions)
      const { all, attributed } = row ?? { all: 0, attributed: 0 }
      return { attributed: BigInt(attributed), quarantined: BigInt(all - attributed) }
    },
  }
}

export function attributionOf(orm: Database['orm'], eventId: EventId, revision: number) {
  return orm
    .select()
    .from(attributions)
    .where(and(eq(attributions.eventId, eventId), revision === 0 ? undefined : eq(attributions.revision, revision)))
    .orderBy(desc(attributions.revision))
    .limit(1)
}

export function quarantinedBefore(orm: Database['orm'], { reason, before, limit }: Parameters<AttributionReader['listQuarantined']>[0]) {
  const position = before === undefined ? undefined : lt(attributions.sequence, before)
  return orm
    .select()
    .from(attributions, { forceIndex: [reason ? 'attributions_by_reason' : 'attributions_by_company'] })
    .where(and(reason ? eq(attributions.reason, reason) : isNull(attributions.companyId), isNull(attributions.discardedAt), position))
    .orderBy(desc(attributions.sequence))
    .limit(limit)
}

const byTime = keyset(attributions.decidedAt, attributions.sequence, 'latest first')

const byTimeIndex = 'attributions_by_time'
const byCompanyIndex = 'attributions_by_company_and_time'

const listedColumns = {
  sequence: attributions.sequence,
  eventId: attributions.eventId,
  revision: attributions.revision,
  eventType: attributions.eventType,
  source: attributions.source,
  companyId: attributions.companyId,
  confidence: attributions.confidence,
  reason: attributions.reason,
  details: attributions.details,
  decidedAt: attributions.decidedAt,
  releasedBy: attributions.releasedBy,
  releasedAt: attributions.releasedAt,
  releasedFrom: attributions.releasedFrom,
  discardedBy: attributions.discardedBy,
  discardedAt: attributions.discardedAt,
  discardNote: attributions.discardNote,
}

/** The page of a list: by company, or without one by time alone; types and provider are looked at row by row. */
export function attributionsOf(orm: Database['orm'], query: AttributionQuery) {
  const { companyId, types, provider, decidedFrom, decidedUntil, limit, pageToken } = query
  return (
    orm
      .select(listedColumns)
      // Where most rows match, the optimizer would rather read and sort them all than follow the time.
      .from(attributions, { forceIndex: [companyId === undefined && query.status !== 'quarantined' ? byTimeIndex : byCompanyIndex] })
      .where(
        and(
          companyId === undefined ? undefined : eq(attributions.companyId, companyId),
          withStatus(query.status),
          types.length === 0 ? undefined : inArray(attributions.eventType, types as EventType[]),
          provider === undefined ? undefined : sql`json_unquote(json_extract(${attributions.source}, '$.provider')) = ${provider}`,
          decidedFrom && gte(attributions.decidedAt, decidedFrom),
          decidedUntil && lt(attributions.decidedAt, decidedUntil),
          byTime.behind(pageToken),
        ),
      )
      .orderBy(...byTime.order)
      .limit(limit)
  )
}

function withStatus(status: AttributionQuery['status']): SQL | undefined {
  if (status === undefined) return undefined
  return status === 'attributed' ? isNotNull(attributions.companyId) : isNull(attributions.companyId)
}
