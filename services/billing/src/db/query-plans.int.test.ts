import { deriveEventId, newId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { analyze, explain } from '@frontdesk/database/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newCompany } from '../../test/harness.ts'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { accountOf } from './account-store.ts'
import { oldestRefetch, oldestReport } from './backlog-ages.ts'
import { invoicesOf } from './invoice-reader.ts'
import { plansAfter } from './plan-store.ts'
import { dueRefetches } from './refetch-queue.ts'
import { refusedRecords } from './refused-reports.ts'
import { dueReports, postponed, settled } from './report-queue.ts'
import { accounts } from './schema/accounts.ts'
import { invoices } from './schema/invoices.ts'
import { plans } from './schema/plans.ts'
import { refetches } from './schema/refetches.ts'
import { subscriptions } from './schema/subscriptions.ts'
import { usageRecords } from './schema/usage-records.ts'
import { statusOf } from './subscription-status-reader.ts'
import { boundaryOf, totalsOf, usageAfter } from './usage-reader.ts'

const rowCount = 4_000
const now = new Date('2026-05-15T12:00:00Z')
const companies = Array.from({ length: 40 }, newCompany)
const period = { start: new Date('2026-05-05T00:00:00Z'), end: new Date('2026-05-10T00:00:00Z') }
let context: Awaited<ReturnType<typeof openMigratedDatabase>>

/** So many rows that a plan without an index would be the dearer one. */
beforeAll(async () => {
  context = await openMigratedDatabase()
  const { orm } = context.database
  const many = <Row>(row: (index: number) => Row) => Array.from({ length: rowCount }, (_, index) => row(index))
  const companyOf = (index: number) => companies[index % companies.length] ?? company
  const at = (index: number) => new Date(Date.UTC(2026, 4, 1, 0, index * 10))
  await orm.insert(plans).values(
    many(() => ({
      planId: newId('plan'),
      name: 'P',
      currency: 'EUR',
      baseFeeMinor: 1n,
      furtherMinuteMinor: 1n,
      messageMinor: 1n,
      includedMinutes: 1,
      providerPriceId: 'p',
      createdAt: now,
    })),
  )
  await orm.insert(accounts).values(
    companies.map((companyId) => ({
      companyId,
      planId: context.planId,
      name: 'S',
      email: 'a@b',
      customerId: companyId,
      subscriptionId: companyId,
      openedAt: now,
    })),
  )
  await orm.insert(subscriptions).values(
    many((index) => ({
      companyId: companyOf(index),
      subscriptionId: index < companies.length ? companyOf(index) : String(index),
      customerId: companyOf(index),
      status: 'active',
      cancelAtPeriodEnd: false,
      fetchedAt: now,
    })),
  )
  await orm.insert(invoices).values(
    many((index) => ({
      companyId: companyOf(index),
      invoiceId: `in_${index}`,
      customerId: companyOf(index),
      subscriptionId: companyOf(index),
      status: 'paid',
      totalMinor: 1n,
      amountPaidMinor: 1n,
      currency: 'EUR',
      createdAt: at(index),
      fetchedAt: now,
    })),
  )
  await orm.insert(refetches).values(
    many((index) => ({
      companyId: companyOf(index),
      objectType: 'invoice' as const,
      objectId: `in_${index}`,
      requestedVersion: 1,
      fetchedVersion: 1,
      attempts: 0,
      ...(index % 50 === 0 && { requestedAt: now, nextAttemptAt: at(index) }),
    })),
  )
  await orm.insert(usageRecords).values(
    many((index) => ({
      companyId: companyOf(index),
      usageId: newId('usg'),
      kind: index % 80 < 40 ? ('call_minutes' as const) : ('messages' as const),
      entityId: String(index),
      eventId: deriveEventId([String(index)]),
      revision: 1,
      quantity: 1,
      usedAt: at(index),
      createdAt: now,
      ...(index % 50 === 0 && { nextReportAt: at(index), unreportedSince: now }),
    })),
  )
  await analyze(context.database, 'plans', 'accounts', 'subscriptions', 'invoices', 'refetches', 'usage_records')
})
afterAll(() => context[Symbol.asyncDispose]())

type Query = { toSQL(): { sql: string; params: unknown[] } }
type Orm = Database['orm']
const company = companies[7] as (typeof companies)[number]
const position = { instant: new Date('2026-05-07T00:00:00Z'), id: 'in_1' }
const page = { period, line: undefined, boundary: undefined, limit: 50, pageToken: '' }
const boundary = { usageId: newId('usg'), usedAt: position.instant, includedPart: 1, furtherPart: 1 }

test.each<[string, (orm: Orm) => Query, ...string[]]>([
  ['a page of ListPlans', (orm) => plansAfter(orm, newId('plan'), 50), 'PRIMARY'],
  ['an account', (orm) => accountOf(orm, company), 'PRIMARY', 'PRIMARY', 'PRIMARY'],
  ['CheckEntitlement', (orm) => statusOf(orm, company), 'PRIMARY', 'PRIMARY'],
  ['the first page of ListInvoices', (orm) => invoicesOf(orm, company, { limit: 50, pageToken: '' }), 'invoices_by_creation'],
  ['a page of ListInvoices', (orm) => invoicesOf(orm, company, { limit: 50, pageToken: '1778100000000.in_1' }), 'invoices_by_creation'],
  ['the first page of ListUsage', (orm) => usageAfter(orm, company, page), 'usage_records_by_time'],
  ['a page of ListUsage', (orm) => usageAfter(orm, company, { ...page, pageToken: '1778100000000.usg_1' }), 'usage_records_by_time'],
  ['a page of a line', (orm) => usageAfter(orm, company, { ...page, line: 'further_minutes', boundary }), 'usage_records_by_kind'],
  ['what is due to be fetched', (orm) => dueRefetches(orm, now, 8), 'refetches_due'],
  ['what is due to be reported', (orm) => dueReports(orm, now, 8), 'usage_records_due'],
  ['what a meter refused', (orm) => refusedRecords(orm, [newId('usg'), newId('usg'), newId('usg')]), 'usage_records_by_id'],
])('%s reads by its index and sorts nothing', async (_, query, ...keys) => {
  const found = await explain(context.database, query(context.database.orm))
  expect(found.map(({ key }) => key)).toEqual(keys)
  expect(found.map(({ type }) => type)).not.toContain('ALL')
  for (const { Extra } of found) expect(Extra ?? '').not.toMatch(/filesort|temporary/)
})

test.each<[string, (orm: Orm) => Query]>([
  ['PreviewInvoice', (orm) => totalsOf(orm, company, period, 10)],
  ['the boundary of the included minutes', (orm) => boundaryOf(orm, company, period, 10)],
])('%s reads the company’s period from an index that has all of it', async (_, query) => {
  const found = await explain(context.database, query(context.database.orm))
  // The sums are a table in memory; the rows behind them are not looked at.
  expect(found.filter(({ table }) => table === 'usage_records')).toMatchObject([
    { type: 'range', key: 'usage_records_by_kind', Extra: expect.stringContaining('Using index') },
  ])
})

test('reports are settled and put off by their keys', async () => {
  const report = { companyId: company, usageId: newId('usg'), number: 1, kind: 'messages' as const, usedAt: now, customerId: '' }
  const reports = Array.from({ length: 64 }, () => ({ ...report, quantity: 1, attempts: 1, waitsSince: now, usageId: newId('usg') }))
  for (const statement of [settled(reports, now), postponed(reports.map((each) => ({ report: each, until: now })))]) {
    expect(await explain(context.database, statement)).toMatchObject([{ type: 'range', key: 'PRIMARY' }])
  }
})

test.each<[string, (orm: Orm) => Query]>([
  ['the oldest fetch', oldestRefetch],
  ['the oldest report', oldestReport],
])('the age of %s is one look into an index', async (_, query) => {
  expect(await explain(context.database, query(context.database.orm))).toMatchObject([{ Extra: expect.stringContaining('optimized away') }])
})
