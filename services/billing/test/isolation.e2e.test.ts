import { BillingServiceDefinition, type CompanyId } from '@frontdesk/contracts'
import { answersToOwn, probeIsolation } from '@frontdesk/rpc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingOnFake, startBillingOnFake } from './billing-on-fake.ts'
import { salonPlan } from './harness.ts'

let harness: BillingOnFake
beforeAll(async () => {
  harness = await startBillingOnFake()
})
afterAll(() => harness[Symbol.asyncDispose]())

async function aCompany() {
  const { companyId, customerId, subscriptionId } = await harness.openAccount()
  const requests = {
    createPlan: salonPlan,
    listPlans: {},
    openAccount: { companyId, planId: harness.planId, name: 'Salon', email: 'a@b.de' },
    getAccount: { companyId },
    checkEntitlement: { companyId, feature: 'FEATURE_VOICE' },
    previewInvoice: { companyId },
    listUsage: { companyId },
    listInvoices: { companyId },
  }
  return { companyId, requests, marks: [companyId, customerId, subscriptionId] }
}

function client(companies: readonly CompanyId[] | 'all') {
  const issuer = harness.authority.issuer('operator')
  return harness.clients({ issue: (request) => issuer.issue({ ...request, companies: companies === 'all' ? companies : [...companies] }) })
    .billing
}

test('of billing, what is another company’s reads byte for byte as what does not exist, and the own is answered', async () => {
  const [mine, theirs] = [await aCompany(), await aCompany()]
  const probes = await probeIsolation({ service: BillingServiceDefinition, client, mine, theirs })
  for (const { method, field, caller, foreign, missing } of probes) {
    const what = `${caller} ${method} ${field}`
    expect([what, foreign]).toEqual([what, missing])
    expect(['not_found', 'permission_denied'], what).toContain(foreign.code)
    for (const mark of theirs.marks) expect(foreign.bytes, what).not.toContain(mark)
  }
  const codes = await answersToOwn({ service: BillingServiceDefinition, client }, mine)
  expect(Object.keys(codes).toSorted()).toEqual(Object.keys(BillingServiceDefinition.methods).toSorted())
  expect(new Set(Object.values(codes))).toEqual(new Set(['answered']))
})
