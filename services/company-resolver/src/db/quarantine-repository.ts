import { type CompanyId, type EventId, EventSource, type EventType } from '@frontdesk/contracts'
import { type Database, type Transaction, withTransaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { outbox, pendingRowOf, type PendingRow } from '@frontdesk/outbox'
import { and, desc, eq } from 'drizzle-orm'
import type { QuarantineStore } from '../app/ports.ts'
import type { Released } from '../domain/release.ts'
import { entityOf } from '../wire/entity.ts'
import { keepFirstOfEntities } from './attribution-ledger.ts'
import { holdDirectoryVersion } from './change-directory.ts'
import { entityRowKey, toCompany, toKeptAttribution } from './mapping.ts'
import { attributions } from './schema/attributions.ts'
import { companies } from './schema/companies.ts'

interface Dependencies {
  readonly database: Database
  /** Lets the event that was quarantined go on to its company, in the same commit. */
  readonly passOn: (
    tx: Transaction,
    quarantined: PendingRow['message'],
    addressee: { companyId: CompanyId; confidence: number; eventType: EventType },
  ) => Promise<void>
}

type Row = typeof attributions.$inferSelect

/** Makes the repository of what waits for a person. */
export function createQuarantineRepository({ database, passOn }: Dependencies): QuarantineStore {
  return {
    release: (eventId, companyId, decide) =>
      withTransaction(database, async (tx) => {
        // First, as a batch does it: until the commit nobody deactivates the company.
        await holdDirectoryVersion(tx)
        const [newest, ...earlier] = await revisionsOf(tx.orm, eventId).for('update')
        if (!newest) return undefined
        const [company] = await tx.orm.select().from(companies).where(eq(companies.companyId, companyId))
        const kept = toKeptAttribution(newest)
        const decisions = [kept.decision, ...earlier.map((row) => toKeptAttribution(row).decision)] as const
        const decision = decide(decisions, company && toCompany(company))
        if (!decision) return { attribution: kept, alreadyReleased: true }

        await replaceDecision(tx, newest, decision)
        await keepFirstOfEntities(tx, entityRowsOf(newest, decision))
        const [quarantined] = await quarantinedRow(tx.orm, eventId, newest.revision)
        if (!quarantined) throw payloadGone()
        const { message } = pendingRowOf(quarantined, '')
        await passOn(tx, message, { companyId, confidence: decision.confidence, eventType: newest.eventType })
        return { attribution: { ...kept, decision }, alreadyReleased: false }
      }),
  }
}

export function revisionsOf(orm: Database['orm'], eventId: EventId) {
  return orm.select().from(attributions).where(eq(attributions.eventId, eventId)).orderBy(desc(attributions.revision))
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
  await orm
    .update(attributions)
    // Without a reason it is in no list of the quarantine.
    .set({ companyId, confidence, reason: null, releasedBy: release.by, releasedAt: release.at, releasedFrom: release.from })
    .where(eq(attributions.sequence, sequence))
}

/** As with any attribution: what else comes of a call of its company goes there too. */
function entityRowsOf({ source, eventId }: Row, { companyId, release }: Released) {
  const entity = entityOf(EventSource.fromJSON(source))
  return entity ? [{ entityKey: entityRowKey(entity), companyId, eventId, attributedAt: release.at }] : []
}

function payloadGone(): FrontdeskError {
  return new FrontdeskError('failed_precondition', { publicMessage: 'The event’s payload is no longer kept here. Reprocess it first.' })
}
