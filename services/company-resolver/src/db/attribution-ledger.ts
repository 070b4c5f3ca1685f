import { parseEventId, type EventId, type EventType } from '@frontdesk/contracts'
import { acrossCompanies, type Database, padded, type Transaction } from '@frontdesk/database'
import { eq, inArray, sql } from 'drizzle-orm'
import type { AttributionLedger } from '../app/ports.ts'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import { isDrawn } from '../domain/audit.ts'
import { holdDirectoryVersion } from './change-directory.ts'
import { readHeld, readSent } from './held-decisions.ts'
import { readSignals, toKnownSignals } from './known-signals.ts'
import { inPowersOfTwo } from './lists.ts'
import { entityRowKey } from './mapping.ts'
import { attributions } from './schema/attributions.ts'
import { audits } from './schema/audits.ts'
import { companies } from './schema/companies.ts'
import { entities } from './schema/entities.ts'

const rowsPerInsert = 128

/** The ledger inside one transaction: three reads and two writes for a batch of any size up to 128. */
export function createAttributionLedger(tx: Transaction, now: () => Date): AttributionLedger {
  return {
    async lookUp(events) {
      const directoryVersion = await holdDirectoryVersion(tx)
      const raised = [...new Set(events.filter(({ revision }) => revision > 1).map(idOf))]
      const { signalRows, entityRows, held } = await acrossCompanies('attribution asks whose an event is', async () => ({
        signalRows: await readSignals(
          tx.orm,
          events.flatMap(({ evidence }) => evidence),
        ),
        entityRows: await readEntities(tx, events),
        held: await readHeld(tx.orm, raised),
      }))
      return {
        known: { directoryVersion, ...toKnownSignals(signalRows, entityRows) },
        entities: new Map(entityRows.map(({ key, companyId, eventId }) => [key, { companyId, eventId }])),
        held,
        sent: await readSent(tx.orm, raised),
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
      await draw(tx, decided, decidedAt)
    },
  }
}

/** Keeps where the first events of entities went: whoever was first stays it, and only a later revision of the same event moves it. */
export async function keepFirstOfEntities(tx: Transaction, first: readonly (typeof entities.$inferInsert)[]): Promise<void> {
  if (first.length === 0) return
  await tx.orm
    .insert(entities)
    .values(padded(first))
    .onDuplicateKeyUpdate({
      set: { companyId: sql`if(${entities.eventId} = values(event_id), values(company_id), ${entities.companyId})` },
    })
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
    .select({
      rowKey: entities.entityKey,
      companyId: entities.companyId,
      eventId: entities.eventId,
      deactivatedAt: companies.deactivatedAt,
    })
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
    releasedBy: attributed?.release?.by ?? null,
    releasedAt: attributed?.release?.at ?? null,
    releasedFrom: attributed?.release?.from ?? null,
    waterfall,
    candidates,
    nonePosterior,
    modelVersion,
    directoryVersion,
    asOf,
    decidedAt,
  }
}

/** Puts aside for a person what the lot falls on. */
async function draw(tx: Transaction, decided: readonly Attribution[], drawnAt: Date): Promise<void> {
  const drawn = decided.filter(({ event, decision }) => decision.kind === 'attributed' && !decision.release && isDrawn(event.eventId))
  if (drawn.length === 0) return
  await tx.orm
    .insert(audits)
    .values(padded(drawn.map(({ event }) => ({ eventId: idOf(event), drawnAt })).toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1))))
    .onDuplicateKeyUpdate({ set: { drawnAt: sql`${audits.drawnAt}` } })
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
