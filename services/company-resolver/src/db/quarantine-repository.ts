import { type CompanyId, type EventId, EventSource, type EventType } from '@frontdesk/contracts'
import { type Database, type Transaction, withTransaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { outbox, pendingRowOf, type PendingRow } from '@frontdesk/outbox'
import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm'
import type { QuarantineStore } from '../app/ports.ts'
import type { Decision } from '../domain/decide.ts'
import type { Discarded } from '../domain/discard.ts'
import type { Released } from '../domain/release.ts'
import { type Withdrawal, withdrawnFrom } from '../domain/withdraw.ts'
import { entityOf } from '../wire/entity.ts'
import { forgetFirstOfEntity, keepFirstOfEntities } from './attribution-ledger.ts'
import { changeDirectory, holdDirectoryState } from './change-directory.ts'
import { toSent } from './held-decisions.ts'
import { insertSignal } from './insert-signal.ts'
import type { Journal } from './journal.ts'
import { entityRowKey, toCompany, toKeptAttribution } from './mapping.ts'
import { keepReview } from './review-rows.ts'
import { attributions } from './schema/attributions.ts'
import { companies } from './schema/companies.ts'

interface Dependencies {
  readonly database: Database
  readonly journal: Journal
  /** Lets the event that was quarantined go on to its company, in the same commit. */
  readonly passOn: (
    tx: Transaction,
    quarantined: PendingRow['message'],
    addressee: { companyId: CompanyId; confidence: number; eventType: EventType },
  ) => Promise<void>
  /** Takes the event from the company that has seen an earlier revision, in the same commit. */
  readonly withdraw: (tx: Transaction, withdrawal: Withdrawal) => Promise<void>
}

type Row = typeof attributions.$inferSelect

/** Makes the repository of what waits for a person. */
export function createQuarantineRepository({ database, journal, passOn, withdraw }: Dependencies): QuarantineStore {
  async function giveBack(tx: Transaction, [newest, ...earlier]: readonly [Row, ...Row[]], decision: Decision, at: Date): Promise<void> {
    const { eventId, revision, source } = newest
    const sent = earlier.filter(({ companyId, discardedAt }) => companyId !== null || discardedAt !== null)
    const holder = withdrawnFrom(sent.map(toSent), revision, decision)
    if (!holder) return
    await withdraw(tx, { eventId, beforeRevision: revision, holder, source, at, correlationId: eventId, bulk: false })
  }

  return {
    release: (eventId, companyId, decide, addsSignal) =>
      inDirectory(database, addsSignal !== undefined, async (tx) => {
        const [newest, ...earlier] = await revisionsOf(tx.orm, eventId).for('update')
        if (!newest) return undefined
        const [company] = await tx.orm.select().from(companies).where(eq(companies.companyId, companyId))
        const kept = toKeptAttribution(newest)
        const wasSent = earlier.some((one) => one.companyId !== null)
        const made = decide(kept, company && toCompany(company), wasSent)
        if (!made) return { attribution: kept, alreadyReleased: true }

        const { decision, review, signal } = made
        if (signal && addsSignal) {
          await insertSignal(tx, signal)
          await journal.record(tx, addsSignal, [{ kind: 'signal', before: undefined, after: signal }])
        }
        await replaceDecision(tx, newest, decision)
        tx.defer(keepFirstOfEntities(entityRowsOf(newest, decision)))
        await keepReview(tx, newest, review, signal?.id)
        await giveBack(tx, [newest, ...earlier], decision, review.at)
        const [quarantined] = await quarantinedRow(tx.orm, eventId, newest.revision)
        if (!quarantined) throw payloadGone()
        const { message } = pendingRowOf(quarantined, '')
        await passOn(tx, message, { companyId, confidence: decision.confidence, eventType: newest.eventType })
        return { attribution: { ...kept, decision }, alreadyReleased: false }
      }),

    discard: (eventId, decide) =>
      withTransaction(database, async (tx) => {
        const [newest, ...earlier] = await revisionsOf(tx.orm, eventId).for('update')
        if (!newest) return undefined
        const kept = toKeptAttribution(newest)
        const made = decide(kept.decision)
        if (!made) return { attribution: kept, alreadyDiscarded: true }
        const { decision, review } = made
        await noteDiscard(tx, newest, decision)
        if (review.companyId === undefined) tx.defer(forgetFirstOfEntity(entityOf(EventSource.fromJSON(newest.source)), eventId))
        await keepReview(tx, newest, review)
        await giveBack(tx, [newest, ...earlier], decision, review.at)
        return { attribution: { ...kept, decision }, alreadyDiscarded: false }
      }),

    async listWaiting(page) {
      const rows = await waitingWith(database.orm, page)
      return rows.map(toKeptAttribution)
    },
  }
}

/** First, as a batch does it: until the commit nobody deactivates the company. */
function inDirectory<Result>(database: Database, changes: boolean, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  if (changes) return changeDirectory(database, work)
  return withTransaction(database, async (tx) => {
    await holdDirectoryState(tx)
    return work(tx)
  })
}

export function revisionsOf(orm: Database['orm'], eventId: EventId) {
  return orm.select().from(attributions).where(eq(attributions.eventId, eventId)).orderBy(desc(attributions.revision))
}

/** Of what waits, which is little, each row's evidence is looked at. */
export function waitingWith(orm: Database['orm'], { evidence, before, limit }: Parameters<QuarantineStore['listWaiting']>[0]) {
  const { kind, value } = evidence
  return orm
    .select()
    .from(attributions, { forceIndex: ['attributions_by_company'] })
    .where(
      and(
        isNull(attributions.companyId),
        isNull(attributions.discardedAt),
        before === undefined ? undefined : lt(attributions.sequence, before),
        sql`json_contains(${attributions.waterfall}, ${JSON.stringify({ kind, value })})`,
      ),
    )
    .orderBy(desc(attributions.sequence))
    .limit(limit)
}

/** The outbox row of a quarantined event, which has its payload; what a provider sent correlates to itself. */
export function quarantinedRow(orm: Database['orm'], eventId: EventId, revision: number) {
  const wrapped = eq(outbox.eventType, 'frontdesk.event.quarantined.v1')
  return orm
    .select()
    .from(outbox)
    .where(and(eq(outbox.correlationId, eventId), eq(outbox.eventId, eventId), eq(outbox.revision, revision), wrapped))
    .limit(1)
}

async function replaceDecision({ orm }: Transaction, { sequence }: Row, { companyId, confidence, release }: Released): Promise<void> {
  const undiscarded = { discardedBy: null, discardedAt: null, discardNote: null }
  const released = { releasedBy: release.by, releasedAt: release.at, releasedFrom: release.from ?? null }
  await orm
    .update(attributions)
    // Without a reason it is in no list of the quarantine.
    .set({ companyId, confidence, reason: null, ...released, ...undiscarded })
    .where(eq(attributions.sequence, sequence))
}

async function noteDiscard({ orm }: Transaction, { sequence }: Row, { discard: { by, at, note } }: Discarded): Promise<void> {
  await orm.update(attributions).set({ discardedBy: by, discardedAt: at, discardNote: note }).where(eq(attributions.sequence, sequence))
}

/** As with any attribution: what else comes of a call of its company goes there too. */
function entityRowsOf({ source, eventId }: Row, { companyId, release }: Released) {
  const entity = entityOf(EventSource.fromJSON(source))
  return entity ? [{ entityKey: entityRowKey(entity), companyId, eventId, attributedAt: release.at }] : []
}

function payloadGone(): FrontdeskError {
  return new FrontdeskError('failed_precondition', { publicMessage: 'The event’s payload is no longer kept here. Reprocess it first.' })
}
