import { newId } from '@frontdesk/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingOnFake, startBillingOnFake } from './billing-on-fake.ts'
import { allPages, newCompany, salonPlan } from './harness.ts'

let harness: BillingOnFake
beforeAll(async () => {
  harness = await startBillingOnFake()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('opening an account again answers the same, and finishes what was cut off after any of its steps', async () => {
  for (const cut of ['createCustomer', 'findSubscription', 'createSubscription'] as const) {
    const companyId = newCompany()
    harness.fake.failures[cut] = 1
    await expect(harness.billing.openAccount({ companyId, planId: harness.planId, name: 'Salon', email: 'a@b.de' })).rejects.toMatchObject({
      code: 'unavailable',
    })
    // What was decided first stands, or the same key would come with other words.
    const again = await harness.billing.openAccount({ companyId, planId: harness.planId, name: 'Another', email: 'c@d.de' })
    expect(again.account?.subscription?.status).toBe('active')
    const { account } = await harness.billing.openAccount({ companyId, planId: harness.planId, name: 'Salon', email: 'a@b.de' })
    expect(account).toMatchObject({ customerId: again.account?.customerId, plan: { planId: harness.planId } })
    const ofCustomer = [...harness.fake.objects.values()].filter(({ state }) => state.customerId === account?.customerId)
    expect(ofCustomer).toHaveLength(1)
  }
})

test('two who open one account at once get the same one', async () => {
  const companyId = newCompany()
  const [a, b] = await Promise.all([harness.openAccount(companyId), harness.openAccount(companyId)])
  expect(a).toEqual(b)
})

test('an account that is no account, or of no plan, is refused by name', async () => {
  const ask = (overrides: object) =>
    harness.billing.openAccount({ companyId: newCompany(), planId: harness.planId, name: 'Salon', email: 'a@b.de', ...overrides })
  await expect(ask({ name: '' })).rejects.toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining('name') })
  await expect(ask({ email: 'a' })).rejects.toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining('email') })
  await expect(ask({ planId: newId('plan') })).rejects.toMatchObject({ code: 'not_found' })
})

test('plans are listed over pages, for the platform alone', async () => {
  await harness.billing.createPlan({ ...salonPlan, name: 'Practice' })
  const listed = await allPages(async (pageToken) => {
    const { plans, nextPageToken } = await harness.billing.listPlans({ pageSize: 1, pageToken })
    return { items: plans, nextPageToken }
  })
  expect(listed.map(({ name }) => name)).toEqual(['Salon', 'Practice'])
  expect(listed[0]).toMatchObject({ ...salonPlan, planId: harness.planId })
})
