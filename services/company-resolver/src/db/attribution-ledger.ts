import { eventIdFromBytes, eventIdToBytes, parseEventId, type EventId, type EventType } from '@frontdesk/contracts'
import { acrossCompanies, padded, rowInsert, sqlList, type SqlStatement, textByLength, type Transaction } from '@frontdesk/database'
import type { AttributionLedger } from '../app/ports.ts'
import type { Attribution, ProviderEvent } from '../domain/attribute.ts'
import type { Decision } from '../domain/decide.ts'
import { type Entity, entityKey } from '../domain/entity.ts'
import { isDrawn } from '../domain/audit.ts'
import { type HeldState, holdDirectoryState, stateId, toHeldState } from './change-directory.ts'
import { readHeld, readSent } from './held-decisions.ts'
import { possibleValues, readSignals, toKnownSignals } from './known-signals.ts'
import { entityRowKey } from './mapping.ts'
import type { ModelInForce } from './model-in-force.ts'
import { attributions } from './schema/attributions.ts'
import { audits } from './schema/audits.ts'
import { entities } from './schema/entities.ts'
import type { SignalCache } from './signal-cache.ts'

/** What a ledger keeps from one batch to the next. */
export interface LedgerDependencies {
  readonly cache: SignalCache
  readonly models: ModelInForce
  readonly now: () => Date
}

/**
 * The ledger inside one transaction: one read, and another for what the cache lacks, the first one by a new model too; its writes go
 * along with the next of the transaction.
 */
export function createAttributionLedger(tx: Transaction, { cache, models, now }: LedgerDependencies): AttributionLedger {
  return {
    async lookUp(events) {
      const raised = [...new Set(events.filter(({ revision }) => revision > 1).map(idOf))]
      return acrossCompanies('attribution asks whose an event is', async () => {
        const { directoryVersion, modelVersion, entities: entityRows } = await holdStateAndReadEntities(tx, events)
        const { found, missing } = cache.lookUp(directoryVersion, possibleValues(events.flatMap(({ evidence }) => evidence)))
        const read = await readSignals(tx.orm, missing)
        cache.keep(directoryVersion, missing, read)
        return {
          model: await models.ofVersion(tx.orm, modelVersion),
          known: { directoryVersion, ...toKnownSignals([...found, ...read], entityRows) },
          entities: new Map(entityRows.map(({ key, companyId, eventId }) => [key, { companyId, eventId }])),
          held: await readHeld(tx.orm, raised),
          sent: await readSent(tx.orm, raised),
        }
      })
    },

    async record(decided) {
      const decidedAt = now()
      tx.defer([
        ...insertAttributions(decided.map((attribution) => toRow(attribution, decidedAt))),
        ...decided.flatMap(({ event, decision }) => (isDiscarded(decision) ? forgetFirstOfEntity(event.entity, idOf(event)) : [])),
        ...keepFirstOfEntities(firstOfEntities(decided, decidedAt)),
        ...insertAudits(drawn(decided, decidedAt)),
      ])
    },
  }
}

const insertAttributions = rowInsert(attributions, [
  'eventId',
  'revision',
  'eventType',
  'source',
  'companyId',
  'confidence',
  'reason',
  'details',
  'releasedBy',
  'releasedAt',
  'releasedFrom',
  'discardedBy',
  'discardedAt',
  'discardNote',
  'waterfall',
  'candidates',
  'nonePosterior',
  'modelVersion',
  'directoryVersion',
  'asOf',
  'decidedAt',
])

/** Keeps where the first events of entities went: whoever was first stays it, and only a later revision of the same event moves it. */
export const keepFirstOfEntities = rowInsert(entities, ['entityKey', 'companyId', 'eventId', 'attributedAt'], {
  onDuplicate: 'company_id = if(event_id = values(event_id), values(company_id), company_id)',
})

/** What a person found to be nobody's carries no other event of its entity. */
export function forgetFirstOfEntity(entity: Entity | undefined, eventId: EventId): SqlStatement[] {
  if (!entity) return []
  const params = [eventIdToBytes(entityRowKey(entity)), eventIdToBytes(eventId)]
  return [{ sql: 'delete from entities where entity_key = ? and event_id = ?', params }]
}

function isDiscarded(decision: Decision): boolean {
  return decision.kind === 'quarantined' && decision.discard !== undefined
}

const insertAudits = rowInsert(audits, ['eventId', 'drawnAt'], { onDuplicate: 'drawn_at = drawn_at' })

interface EntityRow {
  readonly key: string
  readonly companyId: string
  /** The event that was first. */
  readonly eventId: EventId
  readonly deactivatedAt: Date | null
}

/**
 * The directory's state, held until the transaction's end, and where the entities' first events went, in one read. Only the
 * state is locked: of the entities another batch may be about to add to the same.
 */
async function holdStateAndReadEntities(
  tx: Transaction,
  events: readonly ProviderEvent[],
): Promise<HeldState & { entities: readonly EntityRow[] }> {
  const keys = new Map<EventId, string>(
    events.flatMap(({ entity }) => (entity ? [[entityRowKey(entity), entityKey(entity)] as const] : [])),
  )
  if (keys.size === 0) return { ...(await holdDirectoryState(tx)), entities: [] }
  const { sql: text, params } = stateAndEntities([...keys.keys()])
  const { rows } = await tx.execute(text, params)
  const entityRows = rows.flatMap((row): EntityRow[] =>
    row['entity_key'] === null
      ? []
      : [
          {
            key: keys.get(eventIdFromBytes(row['entity_key'] as Buffer)) ?? '',
            companyId: row['company_id'] as string,
            eventId: eventIdFromBytes(row['event_id'] as Buffer),
            deactivatedAt: row['deactivated_at'] as Date | null,
          },
        ],
  )
  return { ...toHeldState(rows.find(({ version }) => version !== null)), entities: entityRows }
}

const stateAndEntitiesText = textByLength(
  (keys) =>
    `(select directory_version as version, model_version, null as entity_key, null as company_id, null as event_id, null as deactivated_at
        from directory_state where id = ? lock in share mode)
     union all
     (select null, null, entities.entity_key, entities.company_id, entities.event_id, companies.deactivated_at
        from entities join companies on companies.company_id = entities.company_id
        where entities.entity_key in (${sqlList(keys)}))`,
)

export function stateAndEntities(keys: readonly EventId[]): SqlStatement {
  const listed = padded(keys)
  return { sql: stateAndEntitiesText(listed.length), params: [stateId, ...listed.map(eventIdToBytes)] }
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
    discardedBy: quarantined?.discard?.by ?? null,
    discardedAt: quarantined?.discard?.at ?? null,
    discardNote: quarantined?.discard?.note ?? null,
    waterfall,
    candidates,
    nonePosterior,
    modelVersion,
    directoryVersion,
    asOf,
    decidedAt,
  }
}

/** What the lot falls on, to be put aside for a person. */
function drawn(decided: readonly Attribution[], drawnAt: Date): (typeof audits.$inferInsert)[] {
  return decided
    .filter(({ event, decision }) => decision.kind === 'attributed' && !decision.release && isDrawn(event.eventId))
    .map(({ event }) => ({ eventId: idOf(event), drawnAt }))
    .toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1))
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
