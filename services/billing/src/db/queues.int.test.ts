import { setTimeout as wait } from 'node:timers/promises'
import { deriveEventId, newId } from '@frontdesk/contracts'
import { type Transaction, withTransaction } from '@frontdesk/database'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import type { Refetch, UsageReport } from '../app/ports.ts'
import { createRefetchQueue } from './refetch-queue.ts'
import { requestRefetches } from './refetch-requests.ts'
import { createReportQueue } from './report-queue.ts'
import { createUsageBook } from './usage-book.ts'
import { createUsageReader } from './usage-reader.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
let company: Awaited<ReturnType<(typeof context)['anAccount']>>
let clockMs = Date.UTC(2026, 4, 15)
const now = () => new Date(clockMs)
const claimMs = 30_000
beforeAll(async () => {
  context = await openMigratedDatabase()
})
beforeEach(async () => {
  // What an earlier test left is given up by then, and what it still wants is taken on.
  clockMs += 24 * 3_600_000
  await refetchQueue().claim(1_000)
  await reportQueue().claim(1_000)
  company = await context.anAccount()
})
afterAll(() => context[Symbol.asyncDispose]())

const refetchQueue = () => createRefetchQueue(context.database, { now, claimMs })
const reportQueue = () => createReportQueue(context.database, { now, claimMs, overReported: () => undefined })

const event = (key: string) => deriveEventId(['queues', key])
const request = (key = 'e', id = 'sub_1') =>
  withTransaction(context.database, (tx) =>
    requestRefetches(tx, [{ companyId: company.companyId, type: 'subscription', id, eventId: event(key) }], now()),
  )
const state = (status: string, id = 'sub_1') => ({
  kind: 'mirrored' as const,
  object: {
    type: 'subscription' as const,
    state: {
      id,
      customerId: company.customerId ?? '',
      status,
      cancelAtPeriodEnd: false,
      periodStart: undefined,
      periodEnd: undefined,
    },
  },
})
const mirrored = async () => (await company.accounts.find())?.subscription
const own = (refetches: readonly Refetch[]) => refetches.filter(({ companyId }) => companyId === company.companyId)

test('what is taken on is nobody else’s until its time is over', async () => {
  await request()
  const queue = refetchQueue()
  const [[first], none] = [own(await queue.claim(10)), own(await queue.claim(10))]
  expect(first).toMatchObject({ version: 1, attempts: 1, customerId: company.customerId, eventId: event('e') })
  expect(none).toEqual([])
  clockMs += claimMs + 1
  expect(own(await queue.claim(10))).toMatchObject([{ version: 1, attempts: 2 }])
})

test('an event during a fetch has it fetched once more', async () => {
  await request('first')
  const queue = refetchQueue()
  const [fetching] = own(await queue.claim(10))
  await request('second')
  expect(own(await queue.claim(10))).toEqual([])
  expect(await queue.settle(fetching as Refetch, state('trialing'))).toBe(true)
  const [again] = own(await queue.claim(10))
  expect(again).toMatchObject({ version: 2, eventId: event('second') })
  expect(await queue.settle(again as Refetch, state('active'))).toBe(true)
  expect(await mirrored()).toMatchObject({ status: 'active', eventId: event('second') })
  clockMs += 3_600_000
  expect(own(await queue.claim(10))).toEqual([])
})

test('a fetch that comes home late never overwrites a later one', async () => {
  await request('first')
  const queue = refetchQueue()
  const [late] = own(await queue.claim(10))
  await request('second')
  clockMs += claimMs + 1
  const [prompt] = own(await queue.claim(10))
  expect(await queue.settle(prompt as Refetch, state('canceled'))).toBe(true)
  expect(await queue.settle(late as Refetch, state('active'))).toBe(false)
  expect(await mirrored()).toMatchObject({ status: 'canceled' })
  // Nor does its failure wake what is done.
  await queue.retryLater(late as Refetch, 0)
  clockMs += 1
  expect(own(await queue.claim(10))).toEqual([])
})

test('a subscription that was made for the customer is adopted by an account without one, and by no other', async () => {
  await request()
  const queue = refetchQueue()
  await queue.settle(own(await queue.claim(10))[0] as Refetch, state('active'))
  expect((await company.accounts.find())?.subscriptionId).toBe('sub_1')
  const foreign = await context.anAccount()
  expect((await foreign.accounts.find())?.subscriptionId).toBeUndefined()
})

test.each([
  ['before its own end is told', ['sub_2', 'sub_1']],
  ['after it', ['sub_1', 'sub_2']],
])('a company that comes back is entitled by its next subscription, told %s', async (_, order) => {
  const queue = refetchQueue()
  await company.accounts.setSubscription(state('active').object.state)
  await request('back', 'sub_2')
  const claimed = new Map(own(await queue.claim(10)).map((refetch) => [refetch.id, refetch]))
  for (const id of order) await queue.settle(claimed.get(id) as Refetch, state(id === 'sub_1' ? 'canceled' : 'active', id))
  expect(await mirrored()).toMatchObject({ id: 'sub_2', status: 'active' })
})

test('the first answer of the provider never replaces what was fetched since', async () => {
  await request()
  const queue = refetchQueue()
  await queue.settle(own(await queue.claim(10))[0] as Refetch, state('past_due'))
  await company.accounts.setSubscription(state('active').object.state)
  expect(await mirrored()).toMatchObject({ status: 'past_due' })
})

test('a customer can’t be two accounts’', async () => {
  const other = await context.anAccount(undefined, null)
  await expect(other.accounts.setCustomer(company.customerId ?? '')).rejects.toMatchObject({ code: 'failed_precondition' })
})

const record = (quantity: number, change: 'recorded' | 'amended', id = usageId, entityId = 'call') => ({
  change,
  record: { id, kind: 'call_minutes' as const, quantity, entityId, eventId: event('call'), revision: 1, usedAt: now() },
})
const usageId: string = newId('usg')
const save = (...records: ReturnType<typeof record>[]) =>
  withTransaction(context.database, (tx) => createUsageBook(tx, company.companyId, now(), () => undefined).save(records))
const ownReports = (reports: readonly UsageReport[]) => reports.filter(({ companyId }) => companyId === company.companyId)

test('a report keeps its number and quantity through a crash, and an amendment meanwhile is a report of its own', async () => {
  await save(record(3, 'recorded'))
  const queue = reportQueue()
  expect(ownReports(await queue.claim(10))).toMatchObject([{ number: 1, quantity: 3, attempts: 1 }])
  await save(record(5, 'amended'))
  clockMs += claimMs + 1
  const [again] = ownReports(await queue.claim(10))
  expect(again).toMatchObject({ number: 1, quantity: 3, attempts: 2 })
  await queue.settle(again as UsageReport)
  await queue.settle(again as UsageReport)
  const [next] = ownReports(await queue.claim(10))
  expect(next).toMatchObject({ number: 2, quantity: 2, attempts: 1 })
  // The first one's late answer says nothing of the second.
  await queue.settle(again as UsageReport)
  clockMs += claimMs + 1
  expect(ownReports(await queue.claim(10))).toMatchObject([{ number: 2, quantity: 2, attempts: 2 }])
  await Promise.all([queue.settle(next as UsageReport), queue.settle(next as UsageReport)])
  clockMs += 3_600_000
  expect(ownReports(await queue.claim(10))).toEqual([])
})

test('what fails waits for its time', async () => {
  await save(record(3, 'recorded'))
  const queue = reportQueue()
  await queue.retryLater(ownReports(await queue.claim(10))[0] as UsageReport, 60_000)
  clockMs += 59_000
  expect(ownReports(await queue.claim(10))).toEqual([])
  clockMs += 1_000
  expect(ownReports(await queue.claim(10))).toHaveLength(1)
})

test('of many that fail together each waits for its own time', async () => {
  const ids = Array.from({ length: 3 }, (): string => newId('usg'))
  await save(...ids.map((id) => record(3, 'recorded', id, id)))
  const queue = reportQueue()
  const claimed = ownReports(await queue.claim(10))
  const delayMs = (usageId: string) => (ids.indexOf(usageId) + 1) * 60_000
  await Promise.all(claimed.map((report) => queue.retryLater(report, delayMs(report.usageId))))
  for (const id of ids) {
    clockMs += 60_000
    const again = ownReports(await queue.claim(10))
    expect(again.map(({ usageId }) => usageId)).toEqual([id])
    await Promise.all(again.map(queue.settle))
  }
})

test('the same call counted by two at once is a conflict that is tried again', async () => {
  await save(record(3, 'recorded'))
  await expect(save(record(3, 'recorded', newId('usg')))).rejects.toMatchObject({ code: 'version_conflict', retryable: true })
  const period = { start: new Date(0), end: new Date(clockMs + 1) }
  expect(await createUsageReader(context.database, company.companyId).totals(period, 0)).toMatchObject({ minutes: 3 })
})

test('reports that meet an amendment of theirs in another order are settled all the same', async () => {
  const [first = '', second = ''] = [newId('usg'), newId('usg')].toSorted()
  const use = (id: string, call: string) => ({
    id,
    kind: 'call_minutes' as const,
    quantity: 3,
    entityId: `${company.companyId} ${call}`,
    eventId: event(id),
    revision: 1,
    usedAt: now(),
  })
  // By their calls they stand the other way round than by their ids.
  const records = [use(first, 'b'), use(second, 'a')]
  const book = (tx: Transaction) => createUsageBook(tx, company.companyId, now(), () => undefined)
  await withTransaction(context.database, (tx) => book(tx).save(records.map((record) => ({ change: 'recorded', record }))))
  const reports = await reportQueue().claim(10)
  const opened = Promise.withResolvers<void>()
  const amendment = withTransaction(context.database, async (tx) => {
    await book(tx).open(records.slice(1))
    opened.resolve()
    // So much that of two in each other's way it is not the one that the server ends.
    await book(tx).save(Array.from({ length: 50 }, (_, n) => ({ change: 'recorded', record: use(newId('usg'), `c${n}`) })))
    await wait(300)
    await book(tx).open(records.slice(0, 1))
  })
  await opened.promise
  const queue = reportQueue()
  expect(await Promise.allSettled([amendment, ...reports.map((report) => queue.settle(report))])).toEqual(
    Array.from({ length: 3 }, () => ({ status: 'fulfilled', value: undefined })),
  )
})
