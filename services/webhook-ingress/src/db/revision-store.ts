import { bulkSubject, type EventId, ingressSubject, newClaim } from '@frontdesk/contracts'
import { type Database, padded, type SqlSession, type Transaction, withTransaction } from '@frontdesk/database'
import type { NewEvent, Outbox } from '@frontdesk/outbox'
import type { Logger } from '@frontdesk/telemetry'
import { and, asc, eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import type { Content, RevisedEvent, RevisionDecision } from '../app/decide-revision.ts'
import type { DecideRevision, RevisionBatch, RevisionStore } from '../app/reprocess.ts'
import { readFirstContents } from './first-contents.ts'
import { keepRevisions, type SentDecision, type Why } from './keep-revisions.ts'
import { deliveries } from './schema/deliveries.ts'
import { eventRevisions } from './schema/event-revisions.ts'
import { byId, events } from './schema/events.ts'
import { toDelivery } from './to-delivery.ts'

export interface RevisionStoreDependencies {
  readonly database: Database
  readonly outbox: Outbox
  readonly logger: Logger
  readonly clock: () => Date
}

/** Revisions on MySQL: whoever raises an event holds its row, so that no two give it the same number. */
export function createRevisionStore({ database, outbox, logger, clock }: RevisionStoreDependencies): RevisionStore {
  return {
    async find(ids) {
      return ids.length === 0 ? [] : (await selectEvents(database, ids)).map(toRevisedEvent)
    },

    async deliveries(ids) {
      const rows = await database.orm
        .select()
        .from(deliveries)
        .where(inArray(deliveries.deliveryId, padded(ids)))
      return rows.map(toDelivery)
    },

    firstContents: (found) => readFirstContents(database, found),

    async preview(batch, decide) {
      const found = batch.ids.length === 0 ? [] : (await selectEvents(database, batch.ids)).map(toRevisedEvent)
      return decideAll(database, batch, [...found, ...batch.added], decide)
    },

    commit: (batch, decide, why) =>
      withTransaction(database, async (tx) => {
        const added = await claimAdded(tx, batch.added)
        const found = batch.ids.length === 0 ? [] : (await selectEvents(tx, batch.ids).for('update')).map(toRevisedEvent)
        const decided = await decideAll(tx, batch, [...found, ...added], decide)
        const sent = decided.filter(isSent)
        if (sent.length > 0) {
          await keepRevisions(tx, sent, { ...why, runId: batch.runId }, clock())
          await outbox.append(tx, sent.map(toNewEvent))
        }
        tx.afterCommit(() => report(logger, sent, { ...why, runId: batch.runId }))
        return decided
      }),
  }
}

const { claim: claimColumn, ...eventColumns } = getTableColumns(events)

/** In the order of their ids, as every commit of the ledger takes them, so that two wait for each other and don't deadlock; exported for its plan. */
export function selectEvents({ orm }: Pick<SqlSession, 'orm'>, ids: readonly EventId[]) {
  return orm
    .select(eventColumns)
    .from(events, byId)
    .where(inArray(events.eventId, padded(ids)))
    .orderBy(asc(events.eventId))
}

function toRevisedEvent({ connectionId, verifiedBy, ...row }: Omit<typeof events.$inferSelect, 'claim'>): RevisedEvent {
  return { ...row, connectionId: connectionId ?? undefined, verifiedBy: verifiedBy ?? undefined }
}

async function decideAll(
  session: Pick<SqlSession, 'orm'>,
  { first, runId }: RevisionBatch,
  found: readonly RevisedEvent[],
  decide: DecideRevision,
): Promise<RevisionDecision[]> {
  const raised = await readRaised(session, found)
  const sent = runId === undefined ? new Set() : await readSentIn(runId, session, found)
  return found.map((event) =>
    decide(event, {
      last: raised.get(event.eventId) ?? (event.revision === 1 ? first.get(event.eventId) : undefined),
      sentInRun: sent.has(event.eventId),
    }),
  )
}

async function readSentIn(runId: string, { orm }: Pick<SqlSession, 'orm'>, found: readonly RevisedEvent[]): Promise<ReadonlySet<EventId>> {
  if (found.length === 0) return new Set()
  const rows = await orm
    .select({ eventId: eventRevisions.eventId })
    .from(eventRevisions)
    .where(and(inArray(eventRevisions.eventId, padded(found.map(({ eventId }) => eventId))), eq(eventRevisions.runId, runId)))
  return new Set(rows.map(({ eventId }) => eventId))
}

/** What was published last of those that did not come by their webhooks alone. */
async function readRaised({ orm }: Pick<SqlSession, 'orm'>, found: readonly RevisedEvent[]): Promise<ReadonlyMap<EventId, Content>> {
  if (found.length === 0) return new Map()
  const { eventId, revision, eventType: type, entityId, occurredAt, body } = eventRevisions
  const rows = await orm
    .select({ eventId, type, entityId, occurredAt, body })
    .from(eventRevisions)
    .innerJoin(events, and(eq(events.eventId, eventId), eq(events.revision, revision)))
    .where(inArray(eventId, padded(found.map((event) => event.eventId))))
  return new Map(rows.map(({ eventId: id, ...content }) => [id, content]))
}

/** Takes for the ledger what it does not have yet; what somebody else brought meanwhile is theirs. */
async function claimAdded(tx: Transaction, added: readonly RevisedEvent[]): Promise<RevisedEvent[]> {
  if (added.length === 0) return []
  const claim = newClaim()
  const rows = added
    .toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1))
    // What is published first is revision 1.
    .map(({ connectionId, ...row }) => ({ ...row, revision: 0, claim, connectionId: connectionId ?? null }))
  await tx.orm
    .insert(events)
    .values(rows)
    .onDuplicateKeyUpdate({ set: { eventId: sql`event_id` } })
  const ids = rows.map(({ eventId }) => eventId)
  const claimed = await tx.orm
    .select({ eventId: events.eventId })
    .from(events, byId)
    .where(and(inArray(events.eventId, padded(ids)), eq(claimColumn, claim)))
  const ours = new Set(claimed.map(({ eventId }) => eventId))
  return added.filter(({ eventId }) => ours.has(eventId))
}

function isSent(decision: RevisionDecision): decision is SentDecision {
  return decision.outcome === 'raised' || decision.outcome === 'added'
}

/** On the bulk lane: whoever raises thousands of events must not slow a live call. */
function toNewEvent({ event: { eventId, provider }, revision, content }: SentDecision): NewEvent {
  return { ...content, id: eventId, revision, subject: bulkSubject(ingressSubject(provider, content.type)), correlationId: eventId }
}

/** One wide line for each revision. */
function report(logger: Logger, sent: readonly SentDecision[], why: Why): void {
  for (const { event, revision, content, outcome, differences } of sent) {
    const { eventId, deliveryId, provider, connectionId, type: previousType } = event
    const line = { eventId, revision, eventType: content.type, previousType, deliveryId, provider, connectionId, outcome, ...why }
    logger.info({ ...line, differences: differences?.length }, 'sent again as a new revision')
  }
}
