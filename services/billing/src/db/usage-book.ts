import type { CompanyId, EventId } from '@frontdesk/contracts'
import { insertedValues, isDuplicateKey, padded, rowInsert, type Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { UsageBook } from '../app/ports.ts'
import type { UsageRecord } from '../domain/usage.ts'
import { toUsage } from './mapping.ts'
import { usageRecords } from './schema/usage-records.ts'

type Orm = Transaction['orm']

/** One company's usage in one transaction: whatever is read is locked until its end. */
export function createUsageBook(tx: Transaction, companyId: CompanyId, now: Date, wake: () => void): UsageBook {
  const { orm } = tx
  return {
    async open(entities) {
      if (entities.length === 0) return []
      const byKind = Map.groupBy(entities, ({ kind }) => kind)
      const { kind, entityId } = usageRecords
      // Each kind is a list of its own, so that the natural key answers it.
      const named = [...byKind].map(([name, ofKind]) => and(eq(kind, name), inArray(entityId, padded(ofKind.map((each) => each.entityId)))))
      const rows = await orm
        .select()
        .from(usageRecords)
        .where(and(eq(usageRecords.companyId, companyId), or(...named)))
        .for('update')
      return rows.map(toUsage)
    },

    async save(records) {
      const of = (wanted: 'recorded' | 'amended') => records.filter(({ change }) => change === wanted).map(({ record }) => record)
      try {
        await tx.executeAll(insertUsage(newRows(companyId, of('recorded'), now)))
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw new FrontdeskError('version_conflict', { publicMessage: 'The same usage was counted at the same time.', cause: error })
      }
      await amend(orm, companyId, of('amended'), now)
      if (records.length > 0) tx.afterCommit(wake)
    },
  }
}

/** A new record as a row; what is to be reported is due at once. */
function rowOf(companyId: CompanyId, { id: usageId, eventId, ...rest }: UsageRecord, now: Date) {
  const waits = rest.quantity > 0 ? now : null
  return { companyId, usageId, eventId: eventId as EventId, ...rest, createdAt: now, nextReportAt: waits, unreportedSince: waits }
}

const insertUsage = rowInsert(usageRecords, [
  'companyId',
  'usageId',
  'kind',
  'entityId',
  'eventId',
  'revision',
  'quantity',
  'usedAt',
  'createdAt',
  'nextReportAt',
  'unreportedSince',
])

/** In the order of the natural key, so that two transactions wait for each other and don't deadlock. */
function newRows(companyId: CompanyId, records: readonly UsageRecord[], now: Date) {
  const ordered = records.toSorted((a, b) => (`${a.kind} ${a.entityId}` < `${b.kind} ${b.entityId}` ? -1 : 1))
  return ordered.map((record) => rowOf(companyId, record, now))
}

/** Amends rows that this transaction has locked. */
async function amend(orm: Orm, companyId: CompanyId, records: readonly UsageRecord[], now: Date): Promise<void> {
  if (records.length === 0) return
  const { eventId, revision, quantity, usedAt, nextReportAt, unreportedSince } = usageRecords
  await orm
    .insert(usageRecords)
    .values(records.map((record) => ({ ...rowOf(companyId, record, now), nextReportAt: now, unreportedSince: now })))
    .onDuplicateKeyUpdate({
      set: {
        ...insertedValues({ eventId, revision, quantity, usedAt }),
        // What waits keeps its time: a report under way, which sees that more is missing when it is done, and one that was refused.
        nextReportAt: sql`coalesce(${nextReportAt}, values(next_report_at))`,
        unreportedSince: sql`coalesce(${unreportedSince}, values(unreported_since))`,
      },
    })
}
