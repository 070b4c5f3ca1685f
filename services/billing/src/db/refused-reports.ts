import { acrossCompanies, padded, rowInsert, type Transaction } from '@frontdesk/database'
import { inArray } from 'drizzle-orm'
import type { RefusedReports } from '../app/ports.ts'
import { toRefusedRecord } from './mapping.ts'
import { usageRecords } from './schema/usage-records.ts'

const reason = 'the payment provider names reports, and no companies'

/** The refused reports' records in one transaction: whatever is read is locked until its end. */
export function createRefusedReports(tx: Transaction, now: Date): RefusedReports {
  const rows = new Map<string, typeof usageRecords.$inferSelect>()
  return {
    async open(usageIds) {
      if (usageIds.length === 0) return []
      const found = await acrossCompanies(reason, () => refusedRecords(tx.orm, usageIds).for('update'))
      for (const row of found) rows.set(row.usageId, row)
      return found.map(toRefusedRecord)
    },

    async takeBack(records) {
      if (records.length === 0) return
      const changed = records.flatMap(({ record, reported, dueAt = null }) => {
        const row = rows.get(record.usageId)
        // A backlog from here on: what it waited for before is over.
        const unreportedSince = dueAt && (row?.unreportedSince ?? now)
        return row ? [{ ...row, ...refused, reportedQuantity: reported, nextReportAt: dueAt, unreportedSince }] : []
      })
      await acrossCompanies(reason, () => tx.executeAll(write(changed)))
    },
  }
}

export function refusedRecords(orm: Transaction['orm'], usageIds: readonly string[]) {
  return orm
    .select()
    .from(usageRecords)
    .where(inArray(usageRecords.usageId, padded(usageIds)))
}

const refused = { lastReportedQuantity: 0, reportedAt: null, attempts: 0 }

const changing = ['reportedQuantity', 'lastReportedQuantity', 'reportedAt', 'nextReportAt', 'unreportedSince', 'attempts'] as const
const write = rowInsert(
  usageRecords,
  ['companyId', 'usageId', 'kind', 'entityId', 'eventId', 'revision', 'quantity', 'usedAt', 'createdAt', ...changing],
  { onDuplicate: changing },
)
