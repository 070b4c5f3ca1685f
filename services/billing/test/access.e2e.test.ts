import type { CompanyId } from '@frontdesk/contracts'
import { refusedTokens } from '@frontdesk/rpc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingOnFake, startBillingOnFake } from './billing-on-fake.ts'
import { newCompany, salonPlan } from './harness.ts'

let harness: BillingOnFake
beforeAll(async () => {
  harness = await startBillingOnFake()
})
afterAll(() => harness[Symbol.asyncDispose]())

/** Whose token names one company alone. */
const clientsOf = (companyId: CompanyId) =>
  harness.clients({ issue: (request) => harness.authority.issuer('console').issue({ ...request, companies: [companyId] }) })

test('an unknown company and another one’s look the same', async () => {
  const { companyId: a } = await harness.openAccount()
  const { companyId: others } = await harness.openAccount()
  const own = clientsOf(a)
  expect((await own.billing.getAccount({ companyId: a })).account?.companyId).toBe(a)
  const answersAbout = (companyId: string) =>
    Promise.allSettled([
      own.billing.getAccount({ companyId }),
      own.billing.checkEntitlement({ companyId, feature: 'FEATURE_VOICE' }),
      own.billing.previewInvoice({ companyId }),
      own.billing.listUsage({ companyId }),
      own.billing.listInvoices({ companyId }),
    ])
  const [ofOthers, ofNobody] = await Promise.all([answersAbout(others), answersAbout(newCompany())])
  expect(ofOthers).toEqual(ofNobody)
  for (const outcome of ofOthers) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'permission_denied' } })
})

test('a company without an account has none to show', async () => {
  const companyId = newCompany()
  await expect(harness.billing.getAccount({ companyId })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.billing.previewInvoice({ companyId })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.billing.listUsage({ companyId })).rejects.toMatchObject({ code: 'not_found' })
})

test('plans and the opening of accounts are the platform’s alone', async () => {
  const { companyId: a } = await harness.openAccount()
  const own = clientsOf(a)
  const platformOnly = [own.billing.createPlan(salonPlan), own.billing.listPlans({}), own.billing.openAccount({ companyId: a })]
  for (const outcome of await Promise.allSettled(platformOnly)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'permission_denied' } })
  }
})

test('every method refuses a call without a token, with an expired one, for another audience, or for a company that is not in it', async () => {
  const companyId = newCompany()
  for (const [code, source] of refusedTokens(harness.authority, 'booking', newCompany())) {
    const { billing, operations } = harness.clients(source)
    const refused = await Promise.allSettled([
      billing.createPlan(salonPlan),
      billing.listPlans({}),
      billing.openAccount({ companyId }),
      billing.getAccount({ companyId }),
      billing.checkEntitlement({ companyId }),
      billing.previewInvoice({ companyId }),
      billing.listUsage({ companyId }),
      billing.listInvoices({ companyId }),
      operations.getConservation({}),
    ])
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
  }
})

test('hostile arguments are refused by name', async () => {
  const { companyId } = await harness.openAccount()
  const invalid = { code: 'invalid_argument' }
  await expect(harness.billing.getAccount({ companyId: 'cmp_x' })).rejects.toMatchObject(invalid)
  await expect(harness.billing.checkEntitlement({ companyId })).rejects.toMatchObject(invalid)
  await expect(harness.billing.listPlans({ pageToken: 'x' })).rejects.toMatchObject(invalid)
  for (const pageToken of ['x', '999999999999999.usg_1', '-1.usg_1', '1.']) {
    await expect(harness.billing.listUsage({ companyId, pageToken })).rejects.toMatchObject(invalid)
    await expect(harness.billing.listInvoices({ companyId, pageToken })).rejects.toMatchObject(invalid)
  }
  await expect(harness.billing.listUsage({ companyId, from: new Date(-1) })).rejects.toMatchObject(invalid)
  await expect(harness.billing.listUsage({ companyId, pageSize: 1_000 })).rejects.toMatchObject(invalid)
})
