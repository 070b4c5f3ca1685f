import type { CompanyId } from '@frontdesk/contracts'
import {
  acrossCompanies,
  commitStatements,
  type Database,
  padded,
  rowInsert,
  type SqlStatement,
  textByLength,
  withTransaction,
} from '@frontdesk/database'
import { and, asc, eq, isNotNull, lte } from 'drizzle-orm'
import type { OverReported, ReportQueue, UsageReport } from '../app/ports.ts'
import { nextReport } from '../domain/meter-report.ts'
import { customersOf } from './customers-of.ts'
import { gathered } from './gathered.ts'
import { usageRecords } from './schema/usage-records.ts'

export interface ReportQueueOptions {
  readonly now: () => Date
  /** After which a report that was taken on is given up for lost; longer than any call. */
  readonly claimMs: number
  readonly overReported: (record: OverReported) => void
}

type Row = typeof usageRecords.$inferSelect

const reportsPerStatement = 64

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
          const takenOn = rows.map((row) => takeOn(row, customers.get(row.companyId)))
          tx.defer(take(takenOn.map(({ row }) => row)))
          return takenOn.flatMap(({ report }) => report ?? [])
        }),
      ),

    settle: gathered(async (reports) => {
      await acrossCompanies('the worker settles reports to meters', () => commitStatements(database, [settled(reports, now())]))
    }, reportsPerStatement),

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

const settledText = textByLength(
  // None reads a column that stands before it: servers assign from left to right. By the index of ids alone more would be locked.
  (reports) => `update usage_records force index (primary)
    set next_report_at = if(quantity = reported_quantity + pending_quantity, null, ?),
      unreported_since = if(quantity = reported_quantity + pending_quantity, null, ?),
      reported_quantity = reported_quantity + pending_quantity,
      last_reported_quantity = pending_quantity,
      reported_at = ?,
      pending_quantity = null,
      attempts = 0
    where (${Array.from({ length: reports }, () => '(company_id = ? and usage_id = ? and report_number = ?)').join(' or ')})
      and pending_quantity is not null`,
)

/** Leaves out what somebody else has settled, who was as quick with the same report. */
export function settled(reports: readonly UsageReport[], at: Date): SqlStatement {
  const listed = padded(reports)
  const keys = listed.flatMap(({ companyId, usageId, number }) => [companyId, usageId, number])
  return { sql: settledText(listed.length), params: [at, at, at, ...keys] }
}

const taken = ['nextReportAt', 'unreportedSince', 'pendingQuantity', 'reportNumber', 'attempts'] as const
const take = rowInsert(
  usageRecords,
  ['companyId', 'usageId', 'kind', 'entityId', 'eventId', 'revision', 'quantity', 'usedAt', 'createdAt', ...taken],
  { onDuplicate: taken },
)

function keyIs({ companyId, usageId }: { companyId: CompanyId; usageId: string }) {
  return and(eq(usageRecords.companyId, companyId), eq(usageRecords.usageId, usageId))
}
