import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually, freePort, type ProviderSandbox, type SandboxFault, startProviderSandbox } from '@frontdesk/testing'
import { Stripe } from 'stripe'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { callEnded, type Harness, messageSent, meterFailed, newCompany, salonPlan, startHarness } from './harness.ts'
import { eventOfWebhook } from './stripe-events.ts'

let sandbox: ProviderSandbox
let harness: Harness
let planId: string
beforeAll(async () => {
  sandbox = await startProviderSandbox()
  const { hostname, port } = new URL(sandbox.stripeUrl)
  const stripe = new Stripe(sandbox.secrets.stripeApiKey, { host: hostname, port, protocol: 'http' })
  for (const event_name of ['frontdesk_call_minutes', 'frontdesk_messages']) {
    await stripe.billing.meters.create({ event_name, display_name: event_name, default_aggregation: { formula: 'sum' } })
  }
  await sandbox.control.stripe.putPrice({ id: salonPlan.providerPriceId, currency: 'eur', unitAmount: 4_900 })
  harness = await startHarness({
    stripe: { url: sandbox.stripeUrl, apiKey: sandbox.secrets.stripeApiKey },
    claimMs: 1_500,
    env: { STRIPE_TIMEOUT_MS: '300' },
  })
  planId = (await harness.billing.createPlan(salonPlan)).plan?.planId ?? ''
})
afterEach(() => sandbox.control.clearFaults())
afterAll(async () => {
  await harness[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

const account = (companyId: string) => ({ companyId, planId, name: 'Salon', email: 'a@b.de' })
const fault = (kind: SandboxFault['kind'], pathPrefix: string, times: number) =>
  sandbox.control.addFault({ provider: 'stripe', kind, pathPrefix, times })

async function openAccount() {
  const companyId = newCompany()
  const opened = await harness.billing.openAccount(account(companyId))
  return { companyId, customerId: opened.account?.customerId ?? '', subscriptionId: opened.account?.subscription?.subscriptionId ?? '' }
}

const meterEvents = async (customerId: string) =>
  ((await sandbox.control.stripe.state()).meterEvents as Stripe.Billing.MeterEvent[]).filter(
    ({ payload }) => payload['stripe_customer_id'] === customerId,
  )

test('an account is one customer with one subscription, both with our company in their metadata', async () => {
  const { companyId, customerId, subscriptionId } = await openAccount()
  const { customers, subscriptions } = await sandbox.control.stripe.state()
  const metadata = { company_id: companyId }
  expect(customers.find(({ id }) => id === customerId)).toMatchObject({ metadata, name: 'Salon', email: 'a@b.de' })
  expect(subscriptions.find(({ id }) => id === subscriptionId)).toMatchObject({ metadata, customer: customerId, status: 'active' })
})

test.each(['error_after', 'hang_after', 'disconnect_after', 'rate_limited', 'error_before'] as const)(
  'however the calls of an opening fail (%s), asking again ends in one customer and one subscription',
  async (kind) => {
    const companyId = newCompany()
    await fault(kind, '/v1/customers', 4)
    await fault(kind, '/v1/subscriptions', 4)
    const opened = await eventually(() => harness.billing.openAccount(account(companyId)), { timeoutMs: 20_000 })
    expect(opened.account?.subscription?.status).toBe('active')
    const state = await sandbox.control.stripe.state()
    const ours = (objects: typeof state.customers) =>
      objects.filter(({ metadata }) => (metadata as { company_id?: string }).company_id === companyId)
    expect([ours(state.customers).length, ours(state.subscriptions).length]).toEqual([1, 1])
  },
  30_000,
)

test('what Stripe refuses can be asked for otherwise, or again once it would take it', async () => {
  const providerPriceId = 'price_later'
  const { plan } = await harness.billing.createPlan({ ...salonPlan, providerPriceId })
  const ofLater = (companyId: string) => harness.billing.openAccount({ ...account(companyId), planId: plan?.planId ?? '' })
  const [patient, corrected] = [newCompany(), newCompany()]
  for (const companyId of [patient, corrected]) {
    await expect(ofLater(companyId)).rejects.toMatchObject({ code: 'failed_precondition', publicMessage: expect.stringContaining('price') })
  }
  const other = await harness.billing.openAccount(account(corrected))
  expect(other.account).toMatchObject({ plan: { planId }, subscription: { status: 'active' } })
  await sandbox.control.stripe.putPrice({ id: providerPriceId, currency: 'eur', unitAmount: 1 })
  expect((await ofLater(patient)).account).toMatchObject({ plan: { planId: plan?.planId }, subscription: { status: 'active' } })
})

test.each(['error_after', 'hang_after', 'disconnect_after', 'rate_limited', 'error_before'] as const)(
  'however the reports fail (%s), each use is metered once',
  async (kind) => {
    const { companyId, customerId } = await openAccount()
    await fault(kind, '/v2/billing/meter_event_session', 1)
    await fault(kind, '/v2/billing/meter_event_stream', 6)
    await harness.publish(
      ...Array.from({ length: 10 }, (_, index) => callEnded(companyId, `call-${index}`, 61, { endedAt: new Date() })),
      messageSent(companyId, 'message', new Date()),
    )
    await eventually(
      async () => {
        const { usage } = await harness.billing.listUsage({ companyId, from: new Date(0), until: new Date(Date.now() + 60_000) })
        expect(usage.filter(({ reportedAt }) => reportedAt)).toHaveLength(11)
      },
      { timeoutMs: 20_000 },
    )
    const metered = await meterEvents(customerId)
    expect(metered).toHaveLength(11)
    expect(metered.reduce((sum, { payload }) => sum + Number(payload['value']), 0)).toBe(21)
  },
  30_000,
)

test('usage that Stripe took and then could not count is taken back by what its event says', async () => {
  const { companyId } = await openAccount()
  await sandbox.control.takeHeldWebhooks()
  await harness.query('UPDATE accounts SET customer_id = ? WHERE company_id = ?', ['cus_gone', companyId])
  await harness.publish(callEnded(companyId, 'uncounted', 60, { endedAt: new Date() }))
  const webhook = await eventually(async () => {
    const found = (await sandbox.control.takeHeldWebhooks()).find(({ body }) => body.includes('v1.billing.meter.error_report_triggered'))
    if (!found) throw new Error('Stripe has not told yet')
    return found
  })
  const record = () =>
    harness.query('SELECT reported_quantity, last_reported_quantity, unreported_since FROM usage_records WHERE company_id = ?', [companyId])
  await eventually(async () => expect(await record()).toMatchObject([{ reported_quantity: 1, unreported_since: null }]))
  await harness.publish(meterFailed((JSON.parse(webhook.body) as { id: string }).id))
  await eventually(async () =>
    expect(await record()).toMatchObject([{ reported_quantity: 0, last_reported_quantity: 0, unreported_since: expect.any(Date) }]),
  )
})

test('usage of before the meter’s window is reported for its beginning', async () => {
  const { companyId, customerId } = await openAccount()
  const endedAt = new Date(Date.now() - 40 * 24 * 3_600_000)
  await harness.publish(callEnded(companyId, 'old', 60, { endedAt }))
  const [event] = await eventually(async () => {
    const found = await meterEvents(customerId)
    expect(found).toHaveLength(1)
    return found
  })
  expect(event?.timestamp).toBeGreaterThan(Date.now() / 1_000 - 35 * 24 * 3_600)
})

test('while Stripe does not answer the mirror waits, and follows once it does', async () => {
  const { companyId, subscriptionId } = await openAccount()
  await sandbox.control.takeHeldWebhooks()
  await sandbox.control.stripe.renew(subscriptionId, 'failed')
  await fault('hang_after', '/v1/subscriptions/', 3)
  await fault('rate_limited', '/v1/invoices/', 2)
  const events = (await sandbox.control.takeHeldWebhooks()).flatMap((webhook) => eventOfWebhook(webhook, () => companyId) ?? [])
  await harness.publish(...events.toReversed(), ...events)
  await eventually(
    async () => {
      expect((await harness.billing.getAccount({ companyId })).account?.subscription?.status).toBe('past_due')
      expect((await harness.billing.listInvoices({ companyId })).invoices).toMatchObject([
        { status: 'open', total: { amountMinor: 4_900n } },
      ])
    },
    { timeoutMs: 20_000 },
  )
  const metrics = await (await fetch(`${harness.services[0]?.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/billing_stripe_call_duration_seconds_count\{operation="fetch_subscription",outcome="no_answer"\}/)
  expect(metrics).toMatch(/billing_stripe_call_duration_seconds_count\{operation="fetch_invoice",outcome="rate_limited"\}/)
}, 30_000)

/** The production bundle as a process of its own. */
async function startBundle(env: Record<string, string>) {
  const main = new URL('../dist/main.mjs', import.meta.url).pathname
  const adminPort = String(await freePort())
  const child = spawn(process.execPath, [main], { env: { ...env, ADMIN_PORT: adminPort }, stdio: 'ignore' })
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok).toBe(true), { timeoutMs: 10_000 })
  return {
    kill: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

test('a service that is killed in the middle leaves nothing out and does nothing twice', async () => {
  const url = sandbox.stripeUrl
  await using own = await startHarness({ stripe: { url, apiKey: sandbox.secrets.stripeApiKey }, replicas: 1, claimMs: 1_000 })
  const { plan } = await own.billing.createPlan(salonPlan)
  const companyId = newCompany()
  const opened = await own.billing.openAccount({ ...account(companyId), planId: plan?.planId ?? '' })
  const { customerId = '', subscription } = opened.account ?? {}
  for (const service of own.services) await service[Symbol.asyncDispose]()

  await sandbox.control.takeHeldWebhooks()
  for (let month = 0; month < 10; month++) await sandbox.control.stripe.renew(subscription?.subscriptionId ?? '', 'paid')
  const changes = (await sandbox.control.takeHeldWebhooks()).flatMap((webhook) => eventOfWebhook(webhook, () => companyId) ?? [])
  const count = 1_200
  const uses = Array.from({ length: count }, (_, index) => callEnded(companyId, `call-${index}`, 60, { endedAt: new Date() }))
  await own.publish(...changes, ...uses, ...changes.toReversed())

  await sandbox.control.addFault({ provider: 'stripe', kind: 'slow', delayMs: 300, pathPrefix: '/' })
  const env = { ...own.environment, STRIPE_TIMEOUT_MS: '1000' }
  // Some four hundred are under way at a time.
  for (const reached of [100, 500]) {
    const victim = await startBundle(env)
    await eventually(async () => expect((await meterEvents(customerId)).length).toBeGreaterThan(reached), { timeoutMs: 20_000 })
    await victim.kill()
  }
  expect((await meterEvents(customerId)).length).toBeLessThan(count)
  await sandbox.control.clearFaults()

  const survivor = await startBundle(env)
  try {
    const rows = (sql: string) => own.query(`SELECT COUNT(*) AS n FROM ${sql}`).then(([row]) => Number(row?.['n']))
    await eventually(
      async () => {
        expect(await rows('usage_records WHERE reported_quantity = quantity AND pending_quantity IS NULL')).toBe(count)
        expect(await rows('refetches WHERE next_attempt_at IS NOT NULL')).toBe(0)
        expect(await rows("invoices WHERE status = 'paid' AND total_minor = 4900")).toBe(10)
      },
      // A batch that a victim had in hand comes again after the durable's ack wait.
      { timeoutMs: 45_000 },
    )
    const metered = await meterEvents(customerId)
    expect(metered.reduce((sum, { payload }) => sum + Number(payload['value']), 0)).toBe(count)
  } finally {
    await survivor.kill()
  }
}, 120_000)
