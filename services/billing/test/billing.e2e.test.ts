import { newId } from '@frontdesk/contracts'
import { createTokenIssuer, type TokenSource } from '@frontdesk/rpc'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeProvider } from './fake-provider.ts'
import { allPages, callEnded, companyEvent, type Harness, messageSent, newCompany, salonPlan, startHarness } from './harness.ts'

let now = new Date('2026-05-15T12:00:00Z')
const anHourPasses = () => (now = new Date(now.getTime() + 3_600_000))
const fake = createFakeProvider()
let harness: Harness
let planId: string
beforeAll(async () => {
  harness = await startHarness({ provider: fake.provider, now: () => now })
  planId = (await harness.billing.createPlan(salonPlan)).plan?.planId ?? ''
})
afterAll(() => harness[Symbol.asyncDispose]())

async function openAccount(companyId = newCompany()) {
  const { account } = await harness.billing.openAccount({ companyId, planId, name: 'Salon', email: 'a@b.de' })
  return { companyId, customerId: account?.customerId ?? '', subscriptionId: account?.subscription?.subscriptionId ?? '' }
}

const metered = (customerId: string) =>
  [...fake.meter]
    .filter(([, use]) => use.customerId === customerId)
    .map(([identifier, { kind, quantity }]) => ({ identifier, kind, quantity }))

async function told(companyId: string): Promise<object[]> {
  const rows = await harness.query(
    "SELECT body FROM outbox WHERE company_id = ? AND event_type = 'frontdesk.usage.recorded.v1' ORDER BY id",
    [companyId],
  )
  return rows.map(({ body }) => JSON.parse(String(body)) as object)
}

const subscriptionChanged = (companyId: Parameters<typeof companyEvent>[0], key: string, payload: object) =>
  companyEvent(companyId, 'frontdesk.subscription.changed.v1', key, payload)
const invoiceChanged = (companyId: Parameters<typeof companyEvent>[0], key: string, payload: object) =>
  companyEvent(companyId, 'frontdesk.invoice.changed.v1', key, payload)

test('calls and messages count once however often they are told, and what never connected counts nothing', async () => {
  const { companyId, customerId } = await openAccount()
  const events = [callEnded(companyId, 'c1', 61), callEnded(companyId, 'c2', 0), messageSent(companyId, 'm1'), messageSent(companyId, 'm2')]
  await harness.publish(...events, ...events)
  await harness.publish(...events)
  await harness.handled()
  const { usage } = await harness.billing.listUsage({ companyId })
  expect(usage.map(({ kind, quantity, entityId, eventId }) => [kind, quantity, entityId, eventId])).toEqual([
    ['USAGE_KIND_CALL_MINUTES', 2n, 'c1', events[0]?.envelope.id],
    ['USAGE_KIND_MESSAGES', 1n, 'm1', events[2]?.envelope.id],
    ['USAGE_KIND_MESSAGES', 1n, 'm2', events[3]?.envelope.id],
  ])
  expect(await told(companyId)).toMatchObject([{ entityId: 'c1', quantity: '2' }, { entityId: 'm1' }, { entityId: 'm2' }])
  await eventually(() =>
    expect(metered(customerId)).toEqual(
      expect.arrayContaining(
        usage.map(({ usageId, quantity }) => expect.objectContaining({ identifier: usageId, quantity: Number(quantity) })),
      ),
    ),
  )
  expect(metered(customerId)).toHaveLength(3)
  await eventually(async () => {
    for (const { reportedAt } of (await harness.billing.listUsage({ companyId })).usage) expect(reportedAt).toEqual(now)
  })
})

test('a corrected call amends its record and tells the meter the difference; what was told too much is left to a person', async () => {
  const { companyId, customerId } = await openAccount()
  await harness.publish(callEnded(companyId, 'c1', 60))
  await eventually(() => expect(metered(customerId)).toHaveLength(1))
  await harness.publish(callEnded(companyId, 'c1', 240, { revision: 3 }), callEnded(companyId, 'c1', 120, { revision: 2 }))
  await harness.handled()
  const [usage] = (await harness.billing.listUsage({ companyId })).usage
  expect(usage?.quantity).toBe(4n)
  await eventually(() =>
    expect(metered(customerId).map(({ identifier, quantity }) => [identifier, quantity])).toEqual([
      [usage?.usageId, 1],
      [`${usage?.usageId}.2`, 3],
    ]),
  )
  await harness.publish(callEnded(companyId, 'c1', 0, { revision: 4 }))
  await harness.handled()
  expect((await harness.billing.listUsage({ companyId })).usage).toEqual([])
  // proto3 JSON leaves a 0 out.
  const last = (await told(companyId)).at(-1)
  expect(last).toMatchObject({ usageId: usage?.usageId })
  expect(last).not.toHaveProperty('quantity')
  await eventually(async () =>
    expect(await metrics()).toContain('billing_meter_reports_total{kind="call_minutes",outcome="over_reported"} 1'),
  )
  expect(metered(customerId)).toHaveLength(2)
})

async function metrics(): Promise<string> {
  const response = await fetch(`${harness.services[0]?.adminUrl}/metrics`)
  return response.text()
}

test('usage before the account waits, and is told once there is one', async () => {
  const companyId = newCompany()
  await harness.publish(callEnded(companyId, 'early', 30))
  await harness.handled()
  await eventually(async () =>
    expect((await harness.query('SELECT 1 FROM usage_records WHERE unreported_since IS NULL AND company_id = ?', [companyId])).length).toBe(
      1,
    ),
  )
  const { customerId } = await openAccount(companyId)
  await eventually(() => expect(metered(customerId)).toHaveLength(1))
})

test('a report that reached the meter though it failed is sent again under its own name', async () => {
  const { companyId, customerId } = await openAccount()
  fake.failures.report = 2
  await harness.publish(callEnded(companyId, 'c1', 60))
  for (const left of [1, 0]) {
    await eventually(() => expect(fake.failures.report).toBe(left))
    anHourPasses()
  }
  await eventually(async () => expect((await harness.billing.listUsage({ companyId })).usage[0]?.reportedAt).toEqual(now))
  expect(metered(customerId)).toHaveLength(1)
})

test('opening an account again answers the same, and finishes what was cut off after any of its steps', async () => {
  for (const cut of ['createCustomer', 'findSubscription', 'createSubscription'] as const) {
    const companyId = newCompany()
    fake.failures[cut] = 1
    await expect(harness.billing.openAccount({ companyId, planId, name: 'Salon', email: 'a@b.de' })).rejects.toMatchObject({
      code: 'unavailable',
    })
    // What was decided first stands, or the same key would come with other words.
    const again = await harness.billing.openAccount({ companyId, planId, name: 'Another', email: 'c@d.de' })
    expect(again.account?.subscription?.status).toBe('active')
    const { account } = await harness.billing.openAccount({ companyId, planId, name: 'Salon', email: 'a@b.de' })
    expect(account).toMatchObject({ customerId: again.account?.customerId, plan: { planId } })
    const ofCustomer = [...fake.objects.values()].filter(({ state }) => state.customerId === account?.customerId)
    expect(ofCustomer).toHaveLength(1)
  }
})

test('two who open one account at once get the same one', async () => {
  const companyId = newCompany()
  const [a, b] = await Promise.all([openAccount(companyId), openAccount(companyId)])
  expect(a).toEqual(b)
})

test('an account that is no account, or of no plan, is refused by name', async () => {
  const ask = (overrides: object) =>
    harness.billing.openAccount({ companyId: newCompany(), planId, name: 'Salon', email: 'a@b.de', ...overrides })
  await expect(ask({ name: '' })).rejects.toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining('name') })
  await expect(ask({ email: 'a' })).rejects.toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining('email') })
  await expect(ask({ planId: newId('plan') })).rejects.toMatchObject({ code: 'not_found' })
})

test('the mirror is what was fetched, whatever the event says, and entitles by it', async () => {
  const { companyId, customerId, subscriptionId } = await openAccount()
  const entitled = () => harness.billing.checkEntitlement({ companyId, feature: 'FEATURE_VOICE' })
  expect(await entitled()).toEqual({ allowed: true, reason: 'ENTITLEMENT_REASON_UNSPECIFIED' })
  const state = { id: subscriptionId, customerId, status: 'unpaid', cancelAtPeriodEnd: true, periodStart: undefined, periodEnd: undefined }
  fake.objects.set(subscriptionId, { type: 'subscription', state })
  const event = subscriptionChanged(companyId, 's1', { subscriptionId, customerId, status: 'active' })
  await harness.publish(event)
  await eventually(async () => expect(await entitled()).toEqual({ allowed: false, reason: 'ENTITLEMENT_REASON_SUBSCRIPTION_INACTIVE' }))
  const { account } = await harness.billing.getAccount({ companyId })
  expect(account?.subscription).toMatchObject({ status: 'unpaid', cancelAtPeriodEnd: true, eventId: event.envelope.id, fetchedAt: now })
  const { lines } = await harness.billing.previewInvoice({ companyId })
  expect(lines[0]).toMatchObject({ kind: 'INVOICE_LINE_KIND_BASE_FEE', eventId: event.envelope.id })
})

test('a company without account, or whose subscription is gone, has none', async () => {
  const nothing = { allowed: false, reason: 'ENTITLEMENT_REASON_NO_SUBSCRIPTION' }
  expect(await harness.billing.checkEntitlement({ companyId: newCompany(), feature: 'FEATURE_MESSAGING' })).toEqual(nothing)
  const { companyId, subscriptionId } = await openAccount()
  fake.objects.delete(subscriptionId)
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
  const [a, b] = [await openAccount(), await openAccount()]
  fake.objects.set('in_b', { type: 'invoice', state: invoice('in_b', b.customerId) })
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
  const customerId = await fake.provider.createCustomer({ companyId, attempt: 1, name: 'Salon', email: 'a@b.de' })
  fake.objects.set('in_early', { type: 'invoice', state: invoice('in_early', customerId) })
  await harness.publish(invoiceChanged(companyId, 'early', { invoiceId: 'in_early' }))
  await eventually(async () =>
    expect(await harness.query('SELECT outcome FROM refetches WHERE company_id = ?', [companyId])).toEqual([{ outcome: 'foreign' }]),
  )
  await openAccount(companyId)
  await eventually(async () =>
    expect((await harness.billing.listInvoices({ companyId })).invoices).toMatchObject([{ invoiceId: 'in_early' }]),
  )
})

test('invoices go by creation, the newest first, over pages', async () => {
  const { companyId, customerId } = await openAccount()
  const ids = Array.from({ length: 5 }, (_, index) => `in_${companyId}_${index}`)
  for (const [index, id] of ids.entries()) {
    const createdAt = new Date(Date.UTC(2026, 3, 1 + Math.floor(index / 2)))
    fake.objects.set(id, { type: 'invoice', state: invoice(id, customerId, { createdAt }) })
  }
  await harness.publish(...ids.map((invoiceId) => invoiceChanged(companyId, invoiceId, { invoiceId })))
  await eventually(async () => expect((await harness.billing.listInvoices({ companyId })).invoices).toHaveLength(5))
  const listed = await allPages(async (pageToken) => {
    const { invoices, nextPageToken } = await harness.billing.listInvoices({ companyId, pageSize: 2, pageToken })
    return { items: invoices, nextPageToken }
  })
  expect(listed.map(({ invoiceId }) => invoiceId)).toEqual(ids.toReversed())
})

test('the running invoice prices what was used, and a call can be the last of the included minutes and the first beyond', async () => {
  const { companyId } = await openAccount()
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

test('plans are listed over pages, for the platform alone', async () => {
  await harness.billing.createPlan({ ...salonPlan, name: 'Practice' })
  const listed = await allPages(async (pageToken) => {
    const { plans, nextPageToken } = await harness.billing.listPlans({ pageSize: 1, pageToken })
    return { items: plans, nextPageToken }
  })
  expect(listed.map(({ name }) => name)).toEqual(['Salon', 'Practice'])
  expect(listed[0]).toMatchObject({ ...salonPlan, planId })
})

test('an unknown company and another one’s look the same', async () => {
  const { companyId: a } = await openAccount()
  const [b] = [newCompany()]
  const own = harness.clients({ issue: (request) => harness.authority.issuer('console').issue({ ...request, companies: [a] }) })
  expect((await own.billing.getAccount({ companyId: a })).account?.companyId).toBe(a)
  await expect(own.billing.getAccount({ companyId: b })).rejects.toMatchObject({ code: 'permission_denied' })
  await expect(harness.billing.getAccount({ companyId: b })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.billing.previewInvoice({ companyId: b })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.billing.listUsage({ companyId: b })).rejects.toMatchObject({ code: 'not_found' })
  const platformOnly = [own.billing.createPlan(salonPlan), own.billing.listPlans({}), own.billing.openAccount({ companyId: a })]
  for (const outcome of await Promise.allSettled(platformOnly)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'permission_denied' } })
  }
})

test('every method refuses a call without a token, with an expired one, for another audience, or for a company that is not in it', async () => {
  const { authority } = harness
  const operator = authority.issuer('operator')
  const companyId = newCompany()
  const sources: [string, TokenSource][] = [
    ['token_missing', { issue: () => Promise.resolve('') }],
    [
      'token_expired',
      createTokenIssuer({ privateJwk: authority.keyPair.privateJwk, caller: 'x', clock: () => new Date(Date.now() - 3_600_000) }),
    ],
    ['token_invalid', { issue: (request) => operator.issue({ ...request, audience: 'booking' }) }],
    ['permission_denied', { issue: (request) => operator.issue({ ...request, companies: [newCompany()] }) }],
  ]
  for (const [code, source] of sources) {
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
  const { companyId } = await openAccount()
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

test('what can never be handled becomes a dead letter at once, and takes nobody with it', async () => {
  const { companyId } = await openAccount()
  const broken = [
    companyEvent(companyId, 'frontdesk.call.ended.v1', 'no id', {}),
    companyEvent(companyId, 'frontdesk.call.ended.v1', 'long', { call: { callId: 'x'.repeat(300) }, durationMs: 1 }),
    companyEvent(companyId, 'frontdesk.subscription.changed.v1', 'nothing', {}),
    { ...companyEvent(companyId, 'frontdesk.invoice.changed.v1', 'not json', {}), body: Buffer.from('{') },
  ]
  await harness.publish(...broken, callEnded(companyId, 'fine', 60))
  await harness.handled()
  const { deadLetters } = await harness.operations.listDeadLetters({})
  expect(deadLetters.map(({ eventId }) => eventId).toSorted()).toEqual(broken.map(({ envelope }) => envelope.id).toSorted())
  expect((await harness.billing.listUsage({ companyId })).usage).toMatchObject([{ entityId: 'fine' }])
}, 30_000)
