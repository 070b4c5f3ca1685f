import { parseEventId, type EventId, type EventType } from '@frontdesk/contracts'
import { acrossCompanies, type Database, padded, type Transaction } from '@frontdesk/database'
import { eq, inArray, sql } from 'drizzle-orm'
import type { AttributionLedger } from '../app/ports.ts'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import { holdDirectoryVersion } from './change-directory.ts'
import { readSignals, toKnownSignals } from './known-signals.ts'
import { inPowersOfTwo } from './lists.ts'
import { entityRowKey } from './mapping.ts'
import { attributions } from './schema/attributions.ts'
import { companies } from './schema/companies.ts'
import { entities } from './schema/entities.ts'

const rowsPerInsert = 128

/** The ledger inside one transaction: three reads and two writes for a batch of any size up to 128. */
export function createAttributionLedger(tx: Transaction, now: () => Date): AttributionLedger {
  return {
    async lookUp(events) {
      const directoryVersion = await holdDirectoryVersion(tx)
      const [signalRows, entityRows] = await acrossCompanies('attribution asks whose an event is', async () => [
        await readSignals(
          tx.orm,
          events.flatMap(({ evidence }) => evidence),
        ),
        await readEntities(tx, events),
      ])
      return {
        known: { directoryVersion, ...toKnownSignals(signalRows, entityRows) },
        entities: new Map(entityRows.map(({ key, companyId }) => [key, companyId])),
      }
    },

    async record(decided) {
      const decidedAt = now()
      const rows = decided.map((attribution) => toRow(attribution, decidedAt))
      for (const group of inPowersOfTwo(rows, rowsPerInsert)) {
        // One connection.
        await tx.orm.insert(attributions).values(group)
      }
      await keepFirstOfEntities(tx, firstOfEntities(decided, decidedAt))
    },
  }
}

/** Keeps where the first events of entities went: whoever was first stays it. */
export async function keepFirstOfEntities(tx: Transaction, first: readonly (typeof entities.$inferInsert)[]): Promise<void> {
  if (first.length === 0) return
  await tx.orm
    .insert(entities)
    .values(padded(first))
    .onDuplicateKeyUpdate({ set: { entityKey: sql`${entities.entityKey}` } })
}

async function readEntities(tx: Transaction, events: readonly ProviderEvent[]) {
  const keys = new Map<EventId, string>(
    events.flatMap(({ entity }) => (entity ? [[entityRowKey(entity), entityKey(entity)] as const] : [])),
  )
  if (keys.size === 0) return []
  const rows = await entitiesByKey(tx.orm, [...keys.keys()])
  return rows.map(({ rowKey, ...row }) => ({ ...row, key: keys.get(rowKey) ?? '' }))
}

export function entitiesByKey(orm: Database['orm'], keys: readonly EventId[]) {
  return orm
    .select({ rowKey: entities.entityKey, companyId: entities.companyId, deactivatedAt: companies.deactivatedAt })
    .from(entities)
    .innerJoin(companies, eq(companies.companyId, entities.companyId))
    .where(inArray(entities.entityKey, padded(keys)))
}

function toRow({ event, decision, ...explained }: Attribution, decidedAt: Date): typeof attributions.$inferInsert {
  const { waterfall, candidates, nonePosterior, modelVersion, directoryVersion, asOf } = explained
  const attributed = decision.kind === 'attributed' ? decision : undefined
  const quarantined = decision.kind === 'quarantined' ? decision : undefined
  return {
    eventId: idOf(event),
    revision: event.revision,
    eventType: event.eventType as EventType,
    source: event.source,
    companyId: attributed?.companyId ?? null,
    confidence: attributed?.confidence ?? null,
    reason: quarantined?.reason ?? null,
    details: quarantined?.details ?? [],
    waterfall,
    candidates,
    nonePosterior,
    modelVersion,
    directoryVersion,
    asOf,
    decidedAt,
  }
}

/** In the order of their keys, so that two transactions wait for each other rather than deadlock. */
function firstOfEntities(decided: readonly Attribution[], attributedAt: Date): (typeof entities.$inferInsert)[] {
  const rows = new Map<EventId, typeof entities.$inferInsert>()
  for (const { event, decision } of decided) {
    if (!event.entity || decision.kind !== 'attributed') continue
    const key = entityRowKey(event.entity)
    if (!rows.has(key)) rows.set(key, { entityKey: key, companyId: decision.companyId, eventId: idOf(event), attributedAt })
  }
  return [...rows.values()].toSorted((a, b) => (a.entityKey < b.entityKey ? -1 : 1))
}

function idOf(event: ProviderEvent): EventId {
  const id = parseEventId(event.eventId)
  if (!id) throw new TypeError('an event id has 64 lower-case hex digits')
  return id
}
