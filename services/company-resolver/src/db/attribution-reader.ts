import type { EventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, count, desc, eq, isNull, lt } from 'drizzle-orm'
import type { AttributionReader } from '../app/ports.ts'
import { toKeptAttribution } from './mapping.ts'
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
    .from(attributions)
    .where(and(reason ? eq(attributions.reason, reason) : isNull(attributions.companyId), position))
    .orderBy(desc(attributions.sequence))
    .limit(limit)
}
