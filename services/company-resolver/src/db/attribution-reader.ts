import type { EventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { and, count, desc, eq, isNull, lt } from 'drizzle-orm'
import type { QuarantineReason } from '../domain/decide.ts'
import { attributions } from './schema/attributions.ts'

/** A decision as it was kept. */
export type AttributionRow = typeof attributions.$inferSelect

/** The decisions, of all companies and of none: who may see one is its caller's affair. */
export interface AttributionReader {
  /** The newest revision when `revision` is 0. */
  find(eventId: EventId, revision: number): Promise<AttributionRow | undefined>
  /** What was quarantined, newest first; those before `before`. */
  listQuarantined(page: { reason: QuarantineReason | undefined; before: bigint | undefined; limit: number }): Promise<AttributionRow[]>
  counts(): Promise<{ attributed: bigint; quarantined: bigint }>
}

/** Makes the reader. */
export function createAttributionReader(database: Database): AttributionReader {
  return {
    async find(eventId, revision) {
      const [row] = await database.orm
        .select()
        .from(attributions)
        .where(and(eq(attributions.eventId, eventId), revision === 0 ? undefined : eq(attributions.revision, revision)))
        .orderBy(desc(attributions.revision))
        .limit(1)
      return row
    },

    async listQuarantined({ reason, before, limit }) {
      return database.orm
        .select()
        .from(attributions)
        .where(
          and(
            reason ? eq(attributions.reason, reason) : isNull(attributions.companyId),
            before === undefined ? undefined : lt(attributions.sequence, before),
          ),
        )
        .orderBy(desc(attributions.sequence))
        .limit(limit)
    },

    async counts() {
      const [row] = await database.orm.select({ all: count(), attributed: count(attributions.companyId) }).from(attributions)
      const { all, attributed } = row ?? { all: 0, attributed: 0 }
      return { attributed: BigInt(attributed), quarantined: BigInt(all - attributed) }
    },
  }
}
