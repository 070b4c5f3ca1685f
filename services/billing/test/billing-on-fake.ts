import { createFakeProvider } from './fake-provider.ts'
import { newCompany, salonPlan, startHarness } from './harness.ts'

/** Billing on a payment provider in memory, with a plan and a clock of the test's own. */
export async function startBillingOnFake() {
  let now = new Date('2026-05-15T12:00:00Z')
  const fake = createFakeProvider()
  const harness = await startHarness({ provider: fake.provider, now: () => now })
  const planId = (await harness.billing.createPlan(salonPlan)).plan?.planId ?? ''
  return {
    ...harness,
    fake,
    planId,
    now: () => now,
    hoursPass: (hours: number) => void (now = new Date(now.getTime() + hours * 3_600_000)),

    async openAccount(companyId = newCompany()) {
      const { account } = await harness.billing.openAccount({ companyId, planId, name: 'Salon', email: 'a@b.de' })
      return { companyId, customerId: account?.customerId ?? '', subscriptionId: account?.subscription?.subscriptionId ?? '' }
    },

    /** What the meters have of a customer. */
    metered: (customerId: string) =>
      [...fake.meter]
        .filter(([, use]) => use.customerId === customerId)
        .map(([identifier, { kind, quantity }]) => ({ identifier, kind, quantity })),

    /** What other services are told of a company's usage. */
    async told(companyId: string): Promise<object[]> {
      const rows = await harness.query(
        "SELECT body FROM outbox WHERE company_id = ? AND event_type = 'frontdesk.usage.recorded.v1' ORDER BY id",
        [companyId],
      )
      return rows.map(({ body }) => JSON.parse(String(body)) as object)
    },

    async metrics(): Promise<string> {
      const response = await fetch(`${harness.services[0]?.adminUrl}/metrics`)
      return response.text()
    },
  }
}

export type BillingOnFake = Awaited<ReturnType<typeof startBillingOnFake>>
