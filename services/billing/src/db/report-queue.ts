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
import { isFrontdeskError } from '@frontdesk/errors'
import { asc, lte } from 'drizzle-orm'
import { gathered } from '../app/gathered.ts'
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

/** Reports come home many at a time. */
const gathering = {
  mostAtOnce: 128,
  gatherMs: 5,
  batchesAtOnce: 1,
  worthSplitting: (error: unknown) => !isFrontdeskError(error, 'unavailable'),
}

/** Usage without an account looks again by itself, though the account's opening has it looked at. */
const withoutAccountMs = 6 * 60 * 60_000

/** The reports that are on disk, for one replica among several. */
export function createReportQueue(database: Database, { now, claimMs, overReported }: ReportQueueOptions): ReportQueue {
  const later = (ms: number) => new Date(now().getTime() + ms)

  const putOff = gathered<Postponed>((reports) => write('the worker puts off reports to meters', postponed(reports)), gathering)

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

    settle: gathered((reports) => write('the worker settles reports to meters', settled(reports, now())), gathering),

    retryLater: (report, delayMs) => putOff({ report, until: later(delayMs) }),
  }

  async function write(reason: string, statement: SqlStatement): Promise<void> {
    await acrossCompanies(reason, () => commitStatements(database, [statement]))
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
    // A settled report keeps its attempts, for one that may have reached the meter twice is not taken back.
    const attempts = row.pendingQuantity === null ? 1 : row.attempts + 1
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
      pending_quantity = null
    where ${underWay(reports)}`,
)

/** Leaves out what somebody else has settled, who was as quick with the same report. */
export function settled(reports: readonly UsageReport[], at: Date): SqlStatement {
  const listed = padded(reports)
  return { sql: settledText(listed.length), params: [at, at, at, ...listed.flatMap(keyOf)] }
}

interface Postponed {
  readonly report: UsageReport
  readonly until: Date
}

const postponedText = textByLength(
  (reports) => `update usage_records force index (primary)
    set next_report_at = case ${'when company_id = ? and usage_id = ? then ? '.repeat(reports)}end
    where ${underWay(reports)}`,
)

/** Leaves out what has been settled since, or is another report by now. */
export function postponed(reports: readonly Postponed[]): SqlStatement {
  const listed = padded(reports)
  const times = listed.flatMap(({ report: { companyId, usageId }, until }) => [companyId, usageId, until])
  return { sql: postponedText(listed.length), params: [...times, ...listed.flatMap(({ report }) => keyOf(report))] }
}

function underWay(reports: number): string {
  const keys = Array.from({ length: reports }, () => '(company_id = ? and usage_id = ? and report_number = ?)')
  return `(${keys.join(' or ')}) and pending_quantity is not null`
}

const keyOf = ({ companyId, usageId, number }: UsageReport) => [companyId, usageId, number]

const taken = ['nextReportAt', 'unreportedSince', 'pendingQuantity', 'reportNumber', 'attempts'] as const
const take = rowInsert(
  usageRecords,
  ['companyId', 'usageId', 'kind', 'entityId', 'eventId', 'revision', 'quantity', 'usedAt', 'createdAt', ...taken],
  { onDuplicate: taken },
)
