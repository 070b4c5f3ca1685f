import { eventIdFromBytes, eventIdToBytes, parseEventId, type EventId, type EventType } from '@frontdesk/contracts'
import { acrossCompanies, padded, type SqlStatement, textByLength, type Transaction } from '@frontdesk/database'
import { sql } from 'drizzle-orm'
import type { AttributionLedger } from '../app/ports.ts'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import { entityKey } from '../domain/entity.ts'
import { holdDirectoryVersion, stateId } from './change-directory.ts'
import { possibleValues, readSignals, toKnownSignals } from './known-signals.ts'
import { inPowersOfTwo } from './lists.ts'
import { entityRowKey } from './mapping.ts'
import { attributions } from './schema/attributions.ts'
import { entities } from './schema/entities.ts'
import type { SignalCache } from './signal-cache.ts'

const rowsPerInsert = 128

/** The ledger inside one transaction: one read and two writes for a batch of any size up to 128, and another read for what the cache lacks. */
export function createAttributionLedger(tx: Transaction, cache: SignalCache, now: () => Date): AttributionLedger {
  return {
    async lookUp(events) {
      return acrossCompanies('attribution asks whose an event is', async () => {
        const { directoryVersion, entities: entityRows } = await holdVersionAndReadEntities(tx, events)
        const { found, missing } = cache.lookUp(directoryVersion, possibleValues(events.flatMap(({ evidence }) => evidence)))
        const read = await readSignals(tx.orm, missing)
        cache.keep(directoryVersion, missing, read)
        return {
          known: { directoryVersion, ...toKnownSignals([...found, ...read], entityRows) },
          entities: new Map(entityRows.map(({ key, companyId }) => [key, companyId])),
        }
      })
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

interface EntityRow {
  readonly key: string
  readonly companyId: string
  readonly deactivatedAt: Date | null
}

/**
 * The directory's version, held until the transaction's end, and where the entities' first events went, in one read. Only the
 * version is locked: of the entities another batch may be about to add to the same.
 */
async function holdVersionAndReadEntities(tx: Transaction, events: readonly ProviderEvent[]) {
  const keys = new Map<EventId, string>(
    events.flatMap(({ entity }) => (entity ? [[entityRowKey(entity), entityKey(entity)] as const] : [])),
  )
  if (keys.size === 0) return { directoryVersion: await holdDirectoryVersion(tx), entities: [] }
  const { sql: text, params } = versionAndEntities([...keys.keys()])
  const { rows } = await tx.execute(text, params)
  const version = rows.find(({ version: held }) => held !== null)?.['version'] ?? 0
  const entityRows = rows.flatMap(({ entity_key: rowKey, company_id: companyId, deactivated_at: deactivatedAt }): EntityRow[] =>
    rowKey === null
      ? []
      : [
          {
            key: keys.get(eventIdFromBytes(rowKey as Buffer)) ?? '',
            companyId: companyId as string,
            deactivatedAt: deactivatedAt as Date | null,
          },
        ],
  )
  return { directoryVersion: BigInt(version as number), entities: entityRows }
}

const versionAndEntitiesText = textByLength(
  (keys) =>
    `(select directory_version as version, null as entity_key, null as company_id, null as deactivated_at
        from directory_state where id = ? lock in share mode)
     union all
     (select null, entities.entity_key, entities.company_id, companies.deactivated_at
        from entities join companies on companies.company_id = entities.company_id
        where entities.entity_key in (${Array.from({ length: keys }, () => '?').join(', ')}))`,
)

export function versionAndEntities(keys: readonly EventId[]): SqlStatement {
  const listed = padded(keys)
  return { sql: versionAndEntitiesText(listed.length), params: [stateId, ...listed.map(eventIdToBytes)] }
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
