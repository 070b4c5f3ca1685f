import type { CompanyId, InvoiceLineKind, PreviewInvoiceResponse, Usage, UsageKind } from '@frontdesk/contracts'
import type { CompanyEvent } from '@frontdesk/outbox/testing'
import { eventually, type ProviderSandbox, startProviderSandbox } from '@frontdesk/testing'
import fc from 'fast-check'
import { Stripe } from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allPages, callEnded, type Harness, messageSent, newCompany, salonPlan, startHarness } from './harness.ts'
import { createShuffler, inParallel, life, type Step } from './lives.ts'
import { eventOfWebhook, idOf } from './stripe-events.ts'

const lives = 200
const seed = Date.now() % 2 ** 31

let sandbox: ProviderSandbox
let harness: Harness
let stripe: Stripe
beforeAll(async () => {
  sandbox = await startProviderSandbox()
  const { hostname, port } = new URL(sandbox.stripeUrl)
  stripe = new Stripe(sandbox.secrets.stripeApiKey, { host: hostname, port, protocol: 'http', maxNetworkRetries: 3 })
  for (const event_name of ['frontdesk_call_minutes', 'frontdesk_messages']) {
    await stripe.billing.meters.create({ event_name, display_name: event_name, default_aggregation: { formula: 'sum' } })
  }
  await sandbox.control.stripe.putPrice({ id: salonPlan.providerPriceId, currency: 'eur', unitAmount: 4_900 })
  // Two replicas, whose claims run out while their calls are under way: both fetch, and come home in any order.
  harness = await startHarness({ stripe: { url: sandbox.stripeUrl, apiKey: sandbox.secrets.stripeApiKey }, replicas: 2, claimMs: 40 })
})
afterAll(async () => {
  await harness[Symbol.asyncDispose]()
  await sandbox[Symbol.asyncDispose]()
})

interface Customer {
  readonly companyId: CompanyId
  readonly customerId: string
  readonly subscriptionId: string
}

async function open(planId: string): Promise<Customer> {
  const companyId = newCompany()
  const { account } = await eventually(() => harness.billing.openAccount({ companyId, planId, name: 'Salon', email: 'a@b.de' }))
  return { companyId, customerId: account?.customerId ?? '', subscriptionId: account?.subscription?.subscriptionId ?? '' }
}

async function take(customer: Customer, one: Step, number: number, publish: (...events: CompanyEvent[]) => void): Promise<void> {
  const { subscriptionId: id, companyId } = customer
  switch (one.do) {
    case 'renew':
      return void (await sandbox.control.stripe.renew(id, one.outcome))
    case 'invoice': {
      const { latest_invoice: invoice } = await stripe.subscriptions.retrieve(id)
      return void (await sandbox.control.stripe.invoice(idOf(invoice), one.action))
    }
    case 'end':
      return void (await stripe.subscriptions.update(id, { cancel_at_period_end: one.cancelAtPeriodEnd }))
    case 'pause':
      return void (await stripe.subscriptions.pause(id, { type: 'subscription' }))
    case 'resume':
      return void (await stripe.subscriptions.resume(id))
    case 'use': {
      const endedAt = await inPeriod(id)
      return publish(
        ...one.seconds.map((seconds, index) => callEnded(companyId, `${number}-${index}`, seconds, { endedAt })),
        messageSent(companyId, `${number}`, endedAt),
      )
    }
    default:
      one satisfies never
  }
}

/** In the period under way, or nothing would stand behind the lines of one that was renewed, and so begins in a month. */
async function inPeriod(subscriptionId: string): Promise<Date> {
  const subscription = await stripe.subscriptions.retrieve(subscriptionId).catch(() => undefined)
  return at(subscription?.items.data[0]?.current_period_start ?? Date.now() / 1_000)
}

/** Ends a subscription; who comes back has another one. */
async function finish({ customerId, subscriptionId }: Customer, last: 'cancel' | 'come back'): Promise<void> {
  await stripe.subscriptions.cancel(subscriptionId).catch(() => undefined)
  if (last === 'cancel') return
  const terms = { collection_method: 'send_invoice', days_until_due: 14 } as const
  await stripe.subscriptions.create({ customer: customerId, items: [{ price: salonPlan.providerPriceId }], ...terms })
}

const entitles = (subscription: Stripe.Subscription) => ['active', 'trialing', 'past_due'].includes(subscription.status)
const at = (seconds: unknown) => new Date(Number(seconds) * 1_000)

test(`after ${lives} random lives, told shuffled and doubled, the mirror is Stripe’s state, and each use counts once (seed ${seed})`, async () => {
  const plan = await harness.billing.createPlan(salonPlan)
  const customers: Customer[] = []
  await inParallel(Array.from({ length: lives }), 10, async () => void customers.push(await open(plan.plan?.planId ?? '')))
  const companies = new Map(customers.map(({ customerId, companyId }) => [customerId, companyId]))

  const draws = fc.sample(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { numRuns: 2_000, seed })
  let drawn = 0
  const shuffler = createShuffler(() => draws[drawn++ % draws.length] ?? 0, harness.publish)
  const about = new Map<string, Set<string>>()
  const collect = async () => {
    for (const webhook of await sandbox.control.takeHeldWebhooks()) {
      const event = eventOfWebhook(webhook, (customerId) => companies.get(customerId))
      if (event) shuffler.hold(event)
    }
  }

  // Reports travel many in a request, so that fewer faults hit as many.
  for (const [pathPrefix, times] of [
    ['/v1/subscriptions/', 25],
    ['/v1/invoices/', 25],
    ['/v2/billing/meter_event_stream', 5],
  ] as const) {
    for (const kind of ['rate_limited', 'error_after', 'disconnect_after'] as const) {
      await sandbox.control.addFault({ provider: 'stripe', kind, pathPrefix, times })
    }
    // From then on every answer is old when it comes home.
    await sandbox.control.addFault({ provider: 'stripe', kind: 'hang_after', pathPrefix, delayMs: 120 })
  }
  const plans = fc.sample(life, { numRuns: lives, seed })
  const living = inParallel(customers, 25, async (customer, index) => {
    const { steps = [], ending: last } = plans[index] ?? {}
    for (const [number, one] of steps.entries()) {
      // Stripe refuses what the state does not allow; a life is a row of steps.
      await take(customer, one, number, shuffler.hold).catch(() => undefined)
    }
    if (last === 'cancel' || last === 'come back') await finish(customer, last)
  })
  let alive = true
  void living.finally(() => (alive = false))
  while (alive) {
    await collect()
    await shuffler.letOut(shuffler.draw() < 0.5 ? 1 : 0.3)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await living
  await collect()
  await shuffler.letOut(0.5)
  await shuffler.letOut(1)
  await harness.handled(60_000)
  await sandbox.control.clearFaults()

  const state = await sandbox.control.stripe.state()
  const subscriptions = Map.groupBy(state.subscriptions as unknown as Stripe.Subscription[], ({ customer }) => idOf(customer))
  const invoices = Map.groupBy(state.invoices as unknown as Stripe.Invoice[], ({ customer }) => idOf(customer))
  const events = state.events as unknown as Stripe.Event[]
  expect(events.length).toBeGreaterThan(lives * 4)
  // The lives were as different as they are meant to be, and some came back.
  const lived = [...subscriptions.values()].flat()
  expect([...new Set(lived.map(({ status }) => status))]).toEqual(expect.arrayContaining(['active', 'past_due', 'paused', 'canceled']))
  expect(lived.length).toBeGreaterThan(lives)
  for (const { envelope, body } of shuffler.told) {
    const { subscriptionId, invoiceId } = JSON.parse(Buffer.from(body).toString()) as { subscriptionId?: string; invoiceId?: string }
    const id = invoiceId ?? subscriptionId
    if (id) about.set(id, (about.get(id) ?? new Set()).add(envelope.id))
  }

  await inParallel(customers, 10, async ({ companyId, customerId, ...opened }) => {
    const ofCustomer = subscriptions.get(customerId) ?? []
    const first = ofCustomer.find(({ id }) => id === opened.subscriptionId)
    const theirs = first && entitles(first) ? first : (ofCustomer.find(entitles) ?? first)
    const subscriptionId = theirs?.id ?? ''
    const [item] = theirs?.items.data ?? []
    await eventually(
      async () => {
        const { account } = await harness.billing.getAccount({ companyId })
        expect(account?.subscription).toMatchObject({
          subscriptionId,
          status: theirs?.status,
          cancelAtPeriodEnd: theirs?.cancel_at_period_end,
          periodStart: at(item?.current_period_start),
          periodEnd: at(item?.current_period_end),
        })
        expect(about.get(subscriptionId)).toContain(account?.subscription?.eventId)
        const mirrored = await allPages(async (pageToken) => {
          const page = await harness.billing.listInvoices({ companyId, pageToken })
          return { items: page.invoices, nextPageToken: page.nextPageToken }
        })
        const expected = (invoices.get(customerId) ?? []).map(({ id, status, total, amount_paid, currency, created, parent }) => ({
          invoiceId: id,
          subscriptionId: parent?.subscription_details?.subscription,
          status,
          total: { amountMinor: BigInt(total), currency: currency.toUpperCase() },
          amountPaid: { amountMinor: BigInt(amount_paid), currency: currency.toUpperCase() },
          createdAt: at(created),
        }))
        const byId = (a: { invoiceId: string }, b: { invoiceId: string }) => (a.invoiceId < b.invoiceId ? -1 : 1)
        expect(mirrored.toSorted(byId)).toMatchObject(expected.toSorted(byId))
        for (const { invoiceId, eventId } of mirrored) expect(about.get(invoiceId)).toContain(eventId)
      },
      { timeoutMs: 30_000, intervalMs: 200 },
    )
    const { allowed } = await harness.billing.checkEntitlement({ companyId, feature: 'FEATURE_VOICE' })
    expect(allowed).toBe(theirs !== undefined && entitles(theirs))
  })

  const used = new Map<string, [string, bigint]>()
  const priced = new Map<string, bigint>()
  await inParallel(customers, 10, async ({ companyId, customerId }, index) => {
    const uses = customers[index] && plans[index]?.steps.flatMap((one) => (one.do === 'use' ? [one.seconds] : []))
    const calls = (uses ?? []).flat().map((seconds) => Math.ceil(seconds / 60))
    const minutes = calls.reduce((sum, count) => sum + count, 0)
    const from = new Date(Date.now() - 3_600_000)
    const until = new Date(Date.now() + 1_000 * 24 * 3_600_000)
    const usage = await allPages(async (pageToken) => {
      const page = await harness.billing.listUsage({ companyId, from, until, pageToken })
      return { items: page.usage, nextPageToken: page.nextPageToken }
    })
    const sum = (kind: string) => usage.reduce((total, each) => total + (each.kind === kind ? each.quantity : 0n), 0n)
    expect([sum('USAGE_KIND_CALL_MINUTES'), sum('USAGE_KIND_MESSAGES')]).toEqual([BigInt(minutes), BigInt(uses?.length ?? 0)])
    expect(new Set(usage.map(({ eventId }) => eventId)).size).toBe(calls.filter((count) => count > 0).length + (uses?.length ?? 0))
    for (const { usageId, quantity } of usage) used.set(usageId, [customerId, quantity])
    const { lines, periodStart = from, periodEnd = until } = await expectLinesToAddUp(companyId)
    const counting = usage.filter(({ usedAt = from }) => periodStart <= usedAt && usedAt < periodEnd)
    for (const { kind, quantity } of lines) {
      priced.set(kind, (priced.get(kind) ?? 0n) + quantity)
      expect(quantity).toBe(quantityOf(kind, counting))
    }
  })
  for (const kind of ['INCLUDED_MINUTES', 'FURTHER_MINUTES', 'MESSAGES']) {
    expect(priced.get(`INVOICE_LINE_KIND_${kind}`)).toBeGreaterThan(BigInt(lives / 4))
  }
  await eventually(
    async () => {
      const { meterEvents } = await sandbox.control.stripe.state()
      const metered = (meterEvents as Stripe.Billing.MeterEvent[]).map(({ identifier, payload }) => [
        identifier,
        [payload['stripe_customer_id'], BigInt(payload['value'] ?? 0)],
      ])
      expect(Object.fromEntries(metered)).toEqual(Object.fromEntries(used))
    },
    { timeoutMs: 30_000, intervalMs: 500 },
  )
}, 240_000)

/** What the plan makes of a period's usage. */
function quantityOf(kind: InvoiceLineKind, usage: readonly Pick<Usage, 'kind' | 'quantity'>[]): bigint {
  const sum = (of: UsageKind) => usage.reduce((total, each) => total + (each.kind === of ? each.quantity : 0n), 0n)
  const [minutes, included] = [sum('USAGE_KIND_CALL_MINUTES'), salonPlan.includedMinutes]
  if (kind === 'INVOICE_LINE_KIND_INCLUDED_MINUTES') return minutes < included ? minutes : included
  if (kind === 'INVOICE_LINE_KIND_FURTHER_MINUTES') return minutes > included ? minutes - included : 0n
  return kind === 'INVOICE_LINE_KIND_MESSAGES' ? sum('USAGE_KIND_MESSAGES') : 1n
}

/** Every line of the running invoice is what the events behind it add up to. */
async function expectLinesToAddUp(companyId: CompanyId): Promise<PreviewInvoiceResponse> {
  const preview = await harness.billing.previewInvoice({ companyId })
  const { lines, total } = preview
  expect(lines.reduce((sum, { amount }) => sum + (amount?.amountMinor ?? 0n), 0n)).toBe(total?.amountMinor)
  for (const { kind, quantity, usageRecords, unitPrice, amount } of lines) {
    expect(amount?.amountMinor).toBe(quantity * (unitPrice?.amountMinor ?? 0n))
    if (kind === 'INVOICE_LINE_KIND_BASE_FEE') continue
    const usage = await allPages(async (pageToken) => {
      const page = await harness.billing.listUsage({ companyId, line: kind, pageSize: 7, pageToken })
      return { items: page.usage, nextPageToken: page.nextPageToken }
    })
    expect(usage.reduce((sum, { lineQuantity }) => sum + lineQuantity, 0n)).toBe(quantity)
    expect(BigInt(usage.length)).toBe(usageRecords)
    for (const { eventId } of usage) expect(eventId).toMatch(/^[0-9a-f]{64}$/)
  }
  return preview
}
