import { parseEventId, type EventId, type EventType } from '@frontdesk/contracts'
import { acrossCompanies, type Database, padded, type Transaction } from '@frontdesk/database'
import { eq, inArray, sql } from 'drizzle-orm'
import type { AttributionLedger } from '../app/ports.ts'
import type { Attribution, KnownSignal, ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import { evidenceKey } from '../domain/evidence.ts'
import { maxSignalLength } from '../domain/signal.ts'
import { holdDirectoryVersion } from './change-directory.ts'
import { inPowersOfTwo } from './lists.ts'
import { entityRowKey } from './mapping.ts'
import { attributions } from './schema/attributions.ts'
import { companies } from './schema/companies.ts'
import { entities } from './schema/entities.ts'
import { signals } from './schema/signals.ts'

const rowsPerInsert = 128

/** The ledger inside one transaction: three reads and two writes for a batch of any size up to 128. */
export function createAttributionLedger(tx: Transaction, now: () => Date): AttributionLedger {
  return {
    async lookUp(events) {
      const directoryVersion = await holdDirectoryVersion(tx)
      const [signalRows, entityRows] = await acrossCompanies('attribution asks whose an event is', async () => [
        await readSignals(tx, events),
        await readEntities(tx, events),
      ])
      const deactivated = [...signalRows, ...entityRows].flatMap(({ companyId, deactivatedAt }) =>
        deactivatedAt ? [[companyId, deactivatedAt] as const] : [],
      )
      return {
        known: {
          directoryVersion,
          signals: Map.groupBy<string, KnownSignal>(signalRows, evidenceKey),
          deactivations: new Map(deactivated),
        },
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
      const first = firstOfEntities(decided, decidedAt)
      if (first.length === 0) return
      await tx.orm
        .insert(entities)
        .values(padded(first))
        // Whoever was first stays it.
        .onDuplicateKeyUpdate({ set: { entityKey: sql`${entities.entityKey}` } })
    },
  }
}

type FoundSignal = KnownSignal & { readonly deactivatedAt: Date | null }

async function readSignals(tx: Transaction, events: readonly ProviderEvent[]): Promise<FoundSignal[]> {
  const values = new Set(events.flatMap(({ evidence }) => evidence.map(({ value }) => value)))
  const possible = [...values].filter((value) => value.length <= maxSignalLength)
  if (possible.length === 0) return []
  const rows = await signalsByValue(tx.orm, possible)
  return rows.map((row) => ({ ...row, validFrom: row.validFrom ?? undefined, validUntil: row.validUntil ?? undefined }))
}

export function signalsByValue(orm: Database['orm'], values: readonly string[]) {
  return orm
    .select({
      kind: signals.kind,
      value: signals.value,
      companyId: signals.companyId,
      validFrom: signals.validFrom,
      validUntil: signals.validUntil,
      deactivatedAt: companies.deactivatedAt,
    })
    .from(signals)
    .innerJoin(companies, eq(companies.companyId, signals.companyId))
    .where(inArray(signals.value, padded(values)))
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
