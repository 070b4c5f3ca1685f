import type { CompanyId } from '@frontdesk/contracts'
import { companyEvent } from '@frontdesk/outbox/testing'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingOnFake, startBillingOnFake } from './billing-on-fake.ts'
import { allPages, newCompany } from './harness.ts'

let harness: BillingOnFake
beforeAll(async () => {
  harness = await startBillingOnFake()
})
afterAll(() => harness[Symbol.asyncDispose]())

const subscriptionChanged = (companyId: CompanyId, key: string, payload: object) =>
  companyEvent(companyId, 'frontdesk.subscription.changed.v1', key, payload)
const invoiceChanged = (companyId: CompanyId, key: string, payload: object) =>
  companyEvent(companyId, 'frontdesk.invoice.changed.v1', key, payload)

test('the mirror is what was fetched, whatever the event says, and entitles by it', async () => {
  const { companyId, customerId, subscriptionId } = await harness.openAccount()
  const entitled = () => harness.billing.checkEntitlement({ companyId, feature: 'FEATURE_VOICE' })
  expect(await entitled()).toEqual({ allowed: true, reason: 'ENTITLEMENT_REASON_UNSPECIFIED' })
  const state = { id: subscriptionId, customerId, status: 'unpaid', cancelAtPeriodEnd: true, periodStart: undefined, periodEnd: undefined }
  harness.fake.objects.set(subscriptionId, { type: 'subscription', state })
  const event = subscriptionChanged(companyId, 's1', { subscriptionId, customerId, status: 'active' })
  await harness.publish(event)
  await eventually(async () => expect(await entitled()).toEqual({ allowed: false, reason: 'ENTITLEMENT_REASON_SUBSCRIPTION_INACTIVE' }))
  // The fetch that the account's opening asked for may be the first to see it, and names no event.
  await eventually(async () => {
    const { account } = await harness.billing.getAccount({ companyId })
    expect(account?.subscription).toMatchObject({
      status: 'unpaid',
      cancelAtPeriodEnd: true,
      eventId: event.envelope.id,
      fetchedAt: harness.now(),
    })
  })
  const { lines } = await harness.billing.previewInvoice({ companyId })
  expect(lines[0]).toMatchObject({ kind: 'INVOICE_LINE_KIND_BASE_FEE', eventId: event.envelope.id })
})

test('a company without account, or whose subscription is gone, has none', async () => {
  const nothing = { allowed: false, reason: 'ENTITLEMENT_REASON_NO_SUBSCRIPTION' }
  expect(await harness.billing.checkEntitlement({ companyId: newCompany(), feature: 'FEATURE_MESSAGING' })).toEqual(nothing)
  const { companyId, subscriptionId } = await harness.openAccount()
  harness.fake.objects.delete(subscriptionId)
  await harness.publish(subscriptionChanged(companyId, 'gone', { subscriptionId }))
  await eventually(async () => expect(await harness.billing.checkEntitlement({ companyId, feature: 'FEATURE_VOICE' })).toEqual(nothing))
  expect((await harness.billing.getAccount({ companyId })).account?.subscription).toBeUndefined()
  const waiting = 'SELECT 1 FROM refetches WHERE company_id = ? AND next_attempt_at IS NOT NULL'
  await eventually(async () => expect(await harness.query(waiting, [companyId])).toEqual([]))
})

const invoice = (id: string, customerId: string, overrides: object = {}) => ({
  id,
  customerId,
  subscriptionId: 'sub',
  status: 'open',
  totalMinor: 5_000n,
  amountPaidMinor: 0n,
  currency: 'EUR',
  createdAt: new Date('2026-05-01T00:00:00Z'),
  ...overrides,
})

test('an object of another customer is ignored, whichever company its event was attributed to', async () => {
  const [a, b] = [await harness.openAccount(), await harness.openAccount()]
  harness.fake.objects.set('in_b', { type: 'invoice', state: invoice('in_b', b.customerId) })
  await harness.publish(invoiceChanged(a.companyId, 'i1', { invoiceId: 'in_b' }), invoiceChanged(b.companyId, 'i2', { invoiceId: 'in_b' }))
  await eventually(async () => expect((await harness.billing.listInvoices({ companyId: b.companyId })).invoices).toHaveLength(1))
  await eventually(async () =>
    expect(await harness.query('SELECT outcome FROM refetches WHERE company_id = ? AND object_type = "invoice"', [a.companyId])).toEqual([
      { outcome: 'foreign' },
    ]),
  )
  expect((await harness.billing.listInvoices({ companyId: a.companyId })).invoices).toEqual([])
})

test('what came before the account is mirrored once there is one', async () => {
  const companyId = newCompany()
  const customerId = await harness.fake.provider.createCustomer({ companyId, attempt: 1, name: 'Salon', email: 'a@b.de' })
  harness.fake.objects.set('in_early', { type: 'invoice', state: invoice('in_early', customerId) })
  await harness.publish(invoiceChanged(companyId, 'early', { invoiceId: 'in_early' }))
  await eventually(async () =>
    expect(await harness.query('SELECT outcome FROM refetches WHERE company_id = ?', [companyId])).toEqual([{ outcome: 'foreign' }]),
  )
  await harness.openAccount(companyId)
  await eventually(async () =>
    expect((await harness.billing.listInvoices({ companyId })).invoices).toMatchObject([{ invoiceId: 'in_early' }]),
  )
})

test('invoices go by creation, the newest first, over pages', async () => {
  const { companyId, customerId } = await harness.openAccount()
  const ids = Array.from({ length: 5 }, (_, index) => `in_${companyId}_${index}`)
  for (const [index, id] of ids.entries()) {
    const createdAt = new Date(Date.UTC(2026, 3, 1 + Math.floor(index / 2)))
    harness.fake.objects.set(id, { type: 'invoice', state: invoice(id, customerId, { createdAt }) })
  }
  await harness.publish(...ids.map((invoiceId) => invoiceChanged(companyId, invoiceId, { invoiceId })))
  await eventually(async () => expect((await harness.billing.listInvoices({ companyId })).invoices).toHaveLength(5))
  const listed = await allPages(async (pageToken) => {
    const { invoices, nextPageToken } = await harness.billing.listInvoices({ companyId, pageSize: 2, pageToken })
    return { items: invoices, nextPageToken }
  })
  expect(listed.map(({ invoiceId }) => invoiceId)).toEqual(ids.toReversed())
})
