import { type Database, keyset, pageOf, positionToken, withTransaction } from '@frontdesk/database'
import { and, eq, gte, inArray, isNotNull, lt, max } from 'drizzle-orm'
import type { ReattributionQuery, ReattributionReader } from '../app/ports.ts'
import { createAttributionLedger, type LedgerDependencies } from './attribution-ledger.ts'
import { toKeptAttribution } from './mapping.ts'
import { attributions } from './schema/attributions.ts'

/** Makes the reader of what may be decided anew. */
export function createReattributionReader(database: Database, ledger: LedgerDependencies): ReattributionReader {
  return {
    async list(query) {
      const rows = await attributedWithin(database.orm, query)
      const newest = await newestRevisions(database.orm, [...new Set(rows.map(({ eventId }) => eventId))])
      const page = pageOf(
        rows,
        query.limit,
        (row) => row,
        ({ decidedAt, sequence }) => positionToken({ instant: decidedAt, id: sequence.toString() }),
      )
      const items = page.items.filter(({ eventId, revision }) => newest.get(eventId) === revision).map(toKeptAttribution)
      return { items, nextPageToken: page.nextPageToken }
    },

    lookUp: (events) => withTransaction(database, (tx) => createAttributionLedger(tx, ledger).lookUp(events)),
  }
}

const byTime = keyset(attributions.decidedAt, attributions.sequence, 'earliest first')

export function attributedWithin(orm: Database['orm'], query: ReattributionQuery) {
  const { companyId, decidedFrom, decidedUntil, limit, pageToken } = query
  return (
    orm
      .select()
      // As in the list of attributions: the optimizer would rather sort everything.
      .from(attributions, { forceIndex: [companyId === undefined ? 'attributions_by_time' : 'attributions_by_company_and_time'] })
      .where(
        and(
          companyId === undefined ? isNotNull(attributions.companyId) : eq(attributions.companyId, companyId),
          gte(attributions.decidedAt, decidedFrom),
          lt(attributions.decidedAt, decidedUntil),
          byTime.behind(pageToken),
        ),
      )
      .orderBy(...byTime.order)
      .limit(limit)
  )
}

async function newestRevisions(orm: Database['orm'], eventIds: (typeof attributions.$inferSelect)['eventId'][]) {
  if (eventIds.length === 0) return new Map<string, number>()
  const rows = await orm
    .select({ eventId: attributions.eventId, revision: max(attributions.revision) })
    .from(attributions)
    .where(inArray(attributions.eventId, eventIds))
    .groupBy(attributions.eventId)
  return new Map<string, number>(rows.map(({ eventId, revision }) => [eventId, revision ?? 0]))
}
