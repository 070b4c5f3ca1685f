import { deriveEventId, newId } from '@frontdesk/contracts'
import { acrossCompanies, withTransaction } from '@frontdesk/database'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import type { RefusedReport, UsageReport } from '../app/ports.ts'
import { takeBackRefused } from '../app/take-back-refused.ts'
import { createRefusedReports } from './refused-reports.ts'
import { createReportQueue } from './report-queue.ts'
import { usageRecords } from './schema/usage-records.ts'
import { createUsageBook } from './usage-book.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
beforeAll(async () => {
  context = await openMigratedDatabase()
})
afterAll(() => context[Symbol.asyncDispose]())

let clockMs = Date.UTC(2026, 4, 15)
const now = () => new Date(clockMs)
const queue = () => createReportQueue(context.database, { now, claimMs: 30_000, overReported: () => undefined })

/** A call of so many minutes, whose report is under way. */
async function aReport(quantity: number): Promise<UsageReport> {
  const { companyId } = await context.anAccount()
  const id = newId('usg')
  const record = { id, kind: 'call_minutes' as const, quantity, entityId: id, eventId: deriveEventId([id]), revision: 1, usedAt: now() }
  await withTransaction(context.database, (tx) =>
    createUsageBook(tx, companyId, now(), () => undefined).save([{ record, change: 'recorded' }]),
  )
  const report = (await queue().claim(100)).find(({ usageId }) => usageId === id)
  if (!report) throw new Error('no report')
  return report
}

async function refuse(...identifiers: string[]): Promise<readonly RefusedReport['outcome'][]> {
  const provider = { meterErrors: async () => [{ code: 'no_meter', errors: 1, identifiers }] }
  const { reports } = await withTransaction(context.database, (tx) =>
    takeBackRefused({ provider, reports: createRefusedReports(tx, now()), now: now() })([{ providerEventId: 'evt_1', meterId: '' }]),
  )
  return reports.map(({ outcome }) => outcome)
}

async function rowOf({ usageId }: UsageReport) {
  const rows = await acrossCompanies('a test', () =>
    context.database.orm.select().from(usageRecords).where(eq(usageRecords.usageId, usageId)),
  )
  return rows[0]
}

test('a settled report leaves what it said, in a batch each its own', async () => {
  const reports = [await aReport(3), await aReport(5), await aReport(7)]
  const settling = queue()
  await Promise.all(reports.map((report) => settling.settle(report)))
  const rows = await Promise.all(reports.map(rowOf))
  expect(rows.map((row) => [row?.reportedQuantity, row?.lastReportedQuantity, row?.pendingQuantity])).toEqual([
    [3, 3, null],
    [5, 5, null],
    [7, 7, null],
  ])
})

test('reports of several companies are taken back together, and nobody else’s', async () => {
  const reports = [await aReport(3), await aReport(5), await aReport(7)]
  for (const report of reports) await queue().settle(report)
  const [first, second] = reports.map(({ usageId }) => usageId)
  expect(await refuse(first ?? '', second ?? '')).toEqual(['taken_back', 'taken_back'])
  const rows = await Promise.all(reports.map(rowOf))
  expect(rows.map((row) => [row?.reportedQuantity, row?.quantity])).toEqual([
    [0, 3],
    [0, 5],
    [7, 7],
  ])
  clockMs += 15 * 60_000 - 1
  expect(await queue().claim(100)).toEqual([])
  clockMs += 1
  const again = await queue().claim(100)
  expect(again.map(({ usageId, number, quantity, attempts }) => [usageId, number, quantity, attempts]).toSorted()).toEqual(
    [
      [first, 2, 3, 1],
      [second, 2, 5, 1],
    ].toSorted(),
  )
  // Whoever settled the refused one once more has come too late.
  await queue().settle(reports[0] as UsageReport)
  expect((await rowOf(reports[0] as UsageReport))?.reportedQuantity).toBe(0)
})

test('two refusals of one report at once are one', async () => {
  const report = await aReport(3)
  await queue().settle(report)
  const outcomes = await Promise.all([refuse(report.usageId), refuse(report.usageId)])
  expect(outcomes.flat().toSorted()).toEqual(['known', 'taken_back'])
  expect((await rowOf(report))?.reportedQuantity).toBe(0)
})

test('what was settled before its quantity was kept is left as it is', async () => {
  const report = await aReport(3)
  await queue().settle(report)
  const { orm } = context.database
  await acrossCompanies('a test', () =>
    orm.update(usageRecords).set({ lastReportedQuantity: null }).where(eq(usageRecords.usageId, report.usageId)),
  )
  expect(await refuse(report.usageId)).toEqual(['no_quantity'])
  expect(await rowOf(report)).toMatchObject({ reportedQuantity: 3, nextReportAt: null })
})

test('a report that is still being sent keeps everything that is named with it as it was', async () => {
  const sending = await aReport(3)
  const report = await aReport(5)
  await queue().settle(report)
  await expect(refuse(report.usageId, sending.usageId)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  expect((await rowOf(report))?.reportedQuantity).toBe(5)
})
