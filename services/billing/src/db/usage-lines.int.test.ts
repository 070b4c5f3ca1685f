import { deriveEventId, newId } from '@frontdesk/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allPages, newCompany } from '../../test/harness.ts'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { listUsage } from '../app/list-usage.ts'
import { previewInvoice } from '../app/preview-invoice.ts'
import type { LineKind } from '../domain/invoice-lines.ts'
import { accounts } from './schema/accounts.ts'
import { plans } from './schema/plans.ts'
import { usageRecords } from './schema/usage-records.ts'
import { createUsageReader } from './usage-reader.ts'

let context: Awaited<ReturnType<typeof openMigratedDatabase>>
beforeAll(async () => {
  context = await openMigratedDatabase()
})
afterAll(() => context[Symbol.asyncDispose]())

const use = fc.record({
  kind: fc.constantFrom('call_minutes' as const, 'call_minutes' as const, 'messages' as const),
  quantity: fc.integer({ min: 0, max: 12 }),
  // Few instants, so that many uses share one; some before and after the month.
  day: fc.integer({ min: -2, max: 33 }),
})

async function companyWith(uses: readonly { kind: 'call_minutes' | 'messages'; quantity: number; day: number }[], includedMinutes: number) {
  const companyId = newCompany()
  const planId = newId('plan')
  const { orm } = context.database
  const price = { baseFeeMinor: 100n, furtherMinuteMinor: 7n, messageMinor: 3n }
  await orm
    .insert(plans)
    .values({ planId, name: 'P', currency: 'EUR', ...price, includedMinutes, providerPriceId: 'p', createdAt: context.now() })
  await orm.insert(accounts).values({ companyId, planId, name: 'S', email: 'a@b', openedAt: context.now() })
  const rows = uses.map(({ kind, quantity, day }, index) => ({
    companyId,
    usageId: newId('usg'),
    kind,
    entityId: String(index),
    eventId: deriveEventId([companyId, String(index)]),
    revision: 1,
    quantity: kind === 'messages' ? Math.min(quantity, 1) : quantity,
    usedAt: new Date(Date.UTC(2026, 4, day)),
    createdAt: context.now(),
  }))
  if (rows.length > 0) await orm.insert(usageRecords).values(rows)
  const { anAccount, now } = context
  const deps = { accounts: (await anAccount(companyId, null)).accounts, usage: createUsageReader(context.database, companyId), now }
  const pagesOf = (line: LineKind | undefined, limit: number) => {
    const list = listUsage(deps)
    return allPages((pageToken) => list({ line, from: undefined, until: undefined, limit, pageToken }))
  }
  return { rows, preview: previewInvoice(deps), pagesOf }
}

test('every line of a running invoice is what its usage adds up to, and all usage of the period is in a line', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(use, { maxLength: 40 }),
      fc.integer({ min: 0, max: 80 }),
      fc.integer({ min: 1, max: 9 }),
      async (uses, includedMinutes, limit) => {
        const { rows, preview, pagesOf } = await companyWith(uses, includedMinutes)
        const { lines, totalMinor, period } = await preview()
        for (const { kind, quantity, usageRecords: records } of lines) {
          if (kind === 'base_fee') continue
          const usage = await pagesOf(kind, limit)
          expect(usage.reduce((sum, { lineQuantity }) => sum + lineQuantity, 0)).toBe(quantity)
          expect(usage).toHaveLength(records)
          for (const { lineQuantity } of usage) expect(lineQuantity).toBeGreaterThan(0)
        }
        const inPeriod = rows.filter(({ usedAt, quantity }) => usedAt >= period.start && usedAt < period.end && quantity > 0)
        const minutes = inPeriod.reduce((sum, row) => sum + (row.kind === 'call_minutes' ? row.quantity : 0), 0)
        const messages = inPeriod.filter(({ kind }) => kind === 'messages').length
        const further = Math.max(0, minutes - includedMinutes)
        expect(lines.map(({ quantity }) => quantity)).toEqual([1, minutes - further, further, messages])
        expect(totalMinor).toBe(100n + 7n * BigInt(further) + 3n * BigInt(messages))
        const all = await pagesOf(undefined, limit)
        const order = inPeriod.toSorted((a, b) => a.usedAt.getTime() - b.usedAt.getTime() || (a.usageId < b.usageId ? -1 : 1))
        expect(all.map(({ id }) => id)).toEqual(order.map(({ usageId }) => usageId))
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)
