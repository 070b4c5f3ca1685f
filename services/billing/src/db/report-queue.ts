import type { CompanyId } from '@frontdesk/contracts'
import { acrossCompanies, type Database, insertedValues, type Transaction, withTransaction } from '@frontdesk/database'
import { and, asc, eq, isNotNull, lte } from 'drizzle-orm'
import type { OverReported, ReportQueue, UsageReport } from '../app/ports.ts'
import { nextReport } from '../domain/meter-report.ts'
import { customersOf } from './customers-of.ts'
import { usageRecords } from './schema/usage-records.ts'

export interface ReportQueueOptions {
  readonly now: () => Date
  /** After which a report that was taken on is given up for lost; longer than any call. */
  readonly claimMs: number
  readonly overReported: (record: OverReported) => void
}

type Row = typeof usageRecords.$inferSelect

/** Usage without an account looks again by itself, though the account's opening has it looked at. */
const withoutAccountMs = 6 * 60 * 60_000

/** The reports that are on disk, for one replica among several. */
export function createReportQueue(database: Database, { now, claimMs, overReported }: ReportQueueOptions): ReportQueue {
  const later = (ms: number) => new Date(now().getTime() + ms)

  return {
    claim: (limit) =>
      acrossCompanies('the worker takes on reports to meters', () =>
        withTransaction(database, async (tx) => {
          const rows = await dueReports(tx.orm, now(), limit)
          if (rows.length === 0) return []
          const customers = await customersOf(
            tx,
            rows.map(({ companyId }) => companyId),
          )
          const taken = rows.map((row) => takeOn(row, customers.get(row.companyId)))
          await write(
            tx,
            taken.map(({ row }) => row),
          )
          return taken.flatMap(({ report }) => report ?? [])
        }),
      ),

    async settle({ companyId, usageId, number }) {
      await withTransaction(database, async (tx) => {
        const [row] = await tx.orm.select().from(usageRecords).where(keyIs({ companyId, usageId })).for('update')
        // Somebody else was as quick, with the same report.
        if (!row || row.reportNumber !== number || row.pendingQuantity === null) return
        const reportedQuantity = row.reportedQuantity + row.pendingQuantity
        const again = row.quantity === reportedQuantity ? null : now()
        const reported = { reportedQuantity, reportedAt: now(), pendingQuantity: null, attempts: 0 }
        await tx.orm
          .update(usageRecords)
          .set({ ...reported, nextReportAt: again, unreportedSince: again })
          .where(keyIs({ companyId, usageId }))
      })
    },

    async retryLater(report, delayMs) {
      await database.orm
        .update(usageRecords)
        .set({ nextReportAt: later(delayMs) })
        .where(and(keyIs(report), eq(usageRecords.reportNumber, report.number), isNotNull(usageRecords.pendingQuantity)))
    },
  }

  /** What becomes of a row that is due: its report, whose number and quantity are fixed from here on. */
  function takeOn(row: Row, customerId: string | undefined): { row: Row; report: UsageReport | undefined } {
    const { companyId, usageId, kind, usedAt, quantity, reportedQuantity: reported } = row
    if (customerId === undefined)
      return { row: { ...row, nextReportAt: later(withoutAccountMs), unreportedSince: null }, report: undefined }
    const next = nextReport({ quantity, reported, pending: row.pendingQuantity ?? undefined, number: row.reportNumber })
    if (!next) {
      if (quantity < reported) overReported({ companyId, usageId, kind, quantity, reported })
      return { row: { ...row, nextReportAt: null, unreportedSince: null }, report: undefined }
    }
    const attempts = row.attempts + 1
    return {
      row: { ...row, nextReportAt: later(claimMs), pendingQuantity: next.quantity, reportNumber: next.number, attempts },
      report: { companyId, usageId, kind, usedAt, customerId, attempts, waitsSince: row.unreportedSince ?? now(), ...next },
    }
  }
}

export function dueReports(orm: Database['orm'], now: Date, limit: number) {
  return orm
    .select()
    .from(usageRecords)
    .where(lte(usageRecords.nextReportAt, now))
    .orderBy(asc(usageRecords.nextReportAt))
    .limit(limit)
    .for('update', { skipLocked: true })
}

async function write({ orm }: Transaction, rows: readonly Row[]): Promise<void> {
  const { nextReportAt, unreportedSince, pendingQuantity, reportNumber, attempts } = usageRecords
  await orm
    .insert(usageRecords)
    .values([...rows])
    .onDuplicateKeyUpdate({ set: insertedValues({ nextReportAt, unreportedSince, pendingQuantity, reportNumber, attempts }) })
}

function keyIs({ companyId, usageId }: { companyId: CompanyId; usageId: string }) {
  return and(eq(usageRecords.companyId, companyId), eq(usageRecords.usageId, usageId))
}
