import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingOnFake, startBillingOnFake } from './billing-on-fake.ts'
import { callEnded, messageSent } from './harness.ts'

let harness: BillingOnFake
beforeAll(async () => {
  harness = await startBillingOnFake()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('the running invoice prices what was used, and a call can be the last of the included minutes and the first beyond', async () => {
  const { companyId } = await harness.openAccount()
  const day = (date: number) => new Date(Date.UTC(2026, 4, date))
  await harness.publish(
    callEnded(companyId, 'a', 6 * 60, { endedAt: day(2) }),
    callEnded(companyId, 'b', 7 * 60, { endedAt: day(3) }),
    callEnded(companyId, 'c', 2 * 60, { endedAt: day(4) }),
    callEnded(companyId, 'last month', 60 * 60, { endedAt: new Date('2026-04-30T23:59:59Z') }),
    messageSent(companyId, 'm', day(5)),
  )
  await harness.handled()
  const preview = await harness.billing.previewInvoice({ companyId })
  expect(preview).toMatchObject({
    periodStart: day(1),
    lines: [
      { kind: 'INVOICE_LINE_KIND_BASE_FEE', quantity: 1n, amount: { amountMinor: 4_900n }, usageRecords: 0n },
      { kind: 'INVOICE_LINE_KIND_INCLUDED_MINUTES', quantity: 10n, amount: { amountMinor: 0n }, usageRecords: 2n },
      { kind: 'INVOICE_LINE_KIND_FURTHER_MINUTES', quantity: 5n, amount: { amountMinor: 75n }, usageRecords: 2n },
      { kind: 'INVOICE_LINE_KIND_MESSAGES', quantity: 1n, amount: { amountMinor: 3n }, usageRecords: 1n },
    ],
    total: { amountMinor: 4_978n, currency: 'EUR' },
  })
  const lineOf = async (line: 'INVOICE_LINE_KIND_INCLUDED_MINUTES' | 'INVOICE_LINE_KIND_FURTHER_MINUTES') =>
    (await harness.billing.listUsage({ companyId, line })).usage.map(({ entityId, lineQuantity }) => [entityId, lineQuantity])
  expect(await lineOf('INVOICE_LINE_KIND_INCLUDED_MINUTES')).toEqual([
    ['a', 6n],
    ['b', 4n],
  ])
  expect(await lineOf('INVOICE_LINE_KIND_FURTHER_MINUTES')).toEqual([
    ['b', 3n],
    ['c', 2n],
  ])
  const april = await harness.billing.listUsage({ companyId, from: new Date('2026-04-01T00:00:00Z'), until: day(1) })
  expect(april.usage).toMatchObject([{ entityId: 'last month', lineQuantity: 60n }])
  await expect(harness.billing.listUsage({ companyId, from: day(3), until: day(3) })).rejects.toMatchObject({ code: 'invalid_argument' })
})
