import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { createAccountStore } from '../src/db/account-store.ts'
import { createPlanStore } from '../src/db/plan-store.ts'
import * as schema from '../src/db/schema/index.ts'
import { newCompany } from './harness.ts'

const now = () => new Date('2026-05-15T12:00:00Z')
const asleep = { refetches: () => undefined, reports: () => undefined }

/** A database of billing's, migrated, with a plan and a way to open accounts in it. */
export async function openMigratedDatabase(includedMinutes = 100) {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const { url } = starting.use(await createTestDatabase())
  await migrate(url, new URL('../drizzle', import.meta.url).pathname, telemetry)
  const database = starting.use(openDatabase({ url, companyTables: companyTablesOf(schema), telemetry }))
  const plans = createPlanStore(database, now)
  const planId = 'plan_01jd00000000000000000000t0'
  await plans.insert({
    id: planId,
    name: 'Salon',
    currency: 'EUR',
    baseFeeMinor: 4_900n,
    includedMinutes,
    furtherMinuteMinor: 15n,
    messageMinor: 3n,
    providerPriceId: 'price_1',
  })
  async function anAccount(companyId = newCompany(), customerId: string | null = `cus_${companyId}`) {
    const accounts = createAccountStore(database, companyId, now, asleep)
    await accounts.begin({ planId, name: 'Salon', email: 'a@b.de' })
    if (customerId !== null) await accounts.setCustomer(customerId)
    return { companyId, customerId, accounts }
  }
  const owned = starting.move()
  return { url, telemetry, database, planId, now, anAccount, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
