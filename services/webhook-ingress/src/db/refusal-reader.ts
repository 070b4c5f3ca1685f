import { type Database, keyset, pageOf, positionToken } from '@frontdesk/database'
import { and, eq, gte, lt } from 'drizzle-orm'
import type { RefusalQuery, RefusalReader } from '../app/ports.ts'
import { refusals } from './schema/refusals.ts'

const byTime = keyset(refusals.at, refusals.id, 'latest first')

/** The refusals of the ingress's own database. */
export function createRefusalReader(database: Database): RefusalReader {
  return {
    async list(query) {
      const rows = await refusalsOf(database.orm, query)
      return pageOf(
        rows,
        query.limit,
        ({ id: _id, connectionId, ...row }) => ({ ...row, connectionId: connectionId ?? undefined }),
        ({ at, id }) => positionToken({ instant: at, id: id.toString() }),
      )
    },
  }
}

/** By time; the other conditions are looked at row by row. */
export function refusalsOf(orm: Database['orm'], query: RefusalQuery) {
  const { provider, connectionId, code, refusedFrom, refusedUntil, limit, pageToken } = query
  return orm
    .select()
    .from(refusals, { forceIndex: ['refusals_by_time'] })
    .where(
      and(
        provider === undefined ? undefined : eq(refusals.provider, provider),
        connectionId === undefined ? undefined : eq(refusals.connectionId, connectionId),
        code === undefined ? undefined : eq(refusals.code, code),
        refusedFrom && gte(refusals.at, refusedFrom),
        refusedUntil && lt(refusals.at, refusedUntil),
        byTime.behind(pageToken),
      ),
    )
    .orderBy(...byTime.order)
    .limit(limit)
}
