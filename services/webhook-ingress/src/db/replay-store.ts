import { parseEventId } from '@frontdesk/contracts'
import { type Database, pageOf } from '@frontdesk/database'
import { and, asc, count, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import type { ReplayStore } from '../app/replay-ports.ts'
import type { Replay, ReplaySelection, ReplayState } from '../app/replay.ts'
import { replays } from './schema/replays.ts'

const open: ReplayState[] = ['waiting', 'running']

/** Replays in the ingress's own database. */
export function createReplayStore(database: Database): ReplayStore {
  const { orm } = database
  const withState = (states: ReplayState[]) => inArray(replays.state, states)

  async function find(id: string): Promise<Replay | undefined> {
    const [row] = await orm.select().from(replays).where(eq(replays.replayId, id))
    return row && toReplay(row)
  }

  return {
    find,

    async insert(replay) {
      await orm.insert(replays).values(toRow(replay))
    },

    async list({ limit, pageToken }) {
      const rows = await orm
        .select()
        .from(replays)
        .where(pageToken === '' ? undefined : lt(replays.replayId, pageToken))
        .orderBy(desc(replays.replayId))
        .limit(limit)
      return pageOf(rows, limit, toReplay, ({ replayId }) => replayId)
    },

    async countOpen() {
      const [row] = await orm.select({ open: count() }).from(replays).where(withState(open))
      return row?.open ?? 0
    },

    async takeOldest(now) {
      const [row] = await orm.select().from(replays).where(withState(open)).orderBy(asc(replays.replayId)).limit(1)
      if (!row) return undefined
      const set = { state: 'running' as const, startedAt: sql`coalesce(${replays.startedAt}, ${sql.param(now, replays.startedAt)})` }
      await orm
        .update(replays)
        .set(set)
        .where(and(eq(replays.replayId, row.replayId), withState(open)))
      return { ...toReplay(row), state: 'running' }
    },

    async advance(id, { after, published, failed }) {
      const set = {
        afterRow: after,
        published: sql`${replays.published} + ${published}`,
        failed: sql`${replays.failed} + ${failed}`,
      }
      await orm.update(replays).set(set).where(eq(replays.replayId, id))
      const [row] = await orm.select({ state: replays.state }).from(replays).where(eq(replays.replayId, id))
      return row?.state
    },

    async end(id, state, now) {
      await orm
        .update(replays)
        .set({ state, endedAt: now })
        .where(and(eq(replays.replayId, id), withState(open)))
    },
  }
}

function toRow({ id, selection, rows, actor, startedAt, endedAt, ...rest }: Replay): typeof replays.$inferInsert {
  return {
    ...rest,
    replayId: id,
    actor: actor ?? null,
    selection: { ...selection },
    rowIds: 'ids' in rows ? rows.ids.map(String) : null,
    rowSpans: 'spans' in rows ? rows.spans.map(({ first, last }) => [String(first), String(last)] as const) : null,
    afterRow: rows.after,
    lastRow: ('ids' in rows ? rows.ids.at(-1) : rows.spans.at(-1)?.last) ?? 0n,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
  }
}

function toReplay(row: typeof replays.$inferSelect): Replay {
  const { replayId: id, selection, rowIds, rowSpans, afterRow, lastRow, actor, startedAt, endedAt, ...rest } = row
  const spans = rowSpans?.map(([first, last]) => ({ first: BigInt(first), last: BigInt(last) })) ?? [
    { first: afterRow + 1n, last: lastRow },
  ]
  return {
    ...rest,
    id,
    actor: actor ?? undefined,
    selection: toSelection(selection),
    rows: { after: afterRow, ...(rowIds ? { ids: rowIds.map(BigInt) } : { spans }) },
    startedAt: startedAt ?? undefined,
    endedAt: endedAt ?? undefined,
  }
}

/** What `toRow` wrote: JSON has no instants and leaves out what is undefined. */
function toSelection(stored: Record<string, unknown>): ReplaySelection {
  if (stored['kind'] === 'ids') {
    const eventIds = (stored['eventIds'] as string[]).map(parseEventId).filter((id) => id !== undefined)
    return { kind: 'ids', eventIds }
  }
  const text = (name: string) => stored[name] as string | undefined
  return {
    kind: 'filter',
    companyId: text('companyId'),
    provider: text('provider'),
    types: stored['types'] as string[],
    connectionId: text('connectionId'),
    entityId: text('entityId'),
    receivedFrom: new Date(text('receivedFrom') ?? Number.NaN),
    receivedUntil: new Date(text('receivedUntil') ?? Number.NaN),
  }
}
