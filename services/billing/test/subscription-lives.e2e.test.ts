import type { CompanyId } from '@frontdesk/contracts'
import { eventually, type ProviderSandbox, startProviderSandbox } from '@frontdesk/testing'
import fc from 'fast-check'
import { Stripe } from 'stripe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allPages, callEnded, type CompanyEvent, type Harness, messageSent, newCompany, salonPlan, startHarness } from './harness.ts'
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

/** What happens to a subscription; what its state does not allow does not happen. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('renew' as const),
    outcome: fc.constantFrom('collect' as const, 'paid' as const, 'failed' as const, 'draft' as const),
  }),
  fc.record({
    do: fc.constant('invoice' as const),
    action: fc.constantFrom('pay' as const, 'fail' as const, 'void' as const, 'finalize' as const),
  }),
  fc.record({ do: fc.constant('end' as const), cancelAtPeriodEnd: fc.boolean() }),
  fc.record({ do: fc.constant('pause' as const) }),
  fc.record({ do: fc.constant('resume' as const) }),
  fc.record({ do: fc.constant('use' as const), seconds: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 5 }) }),
)
const ending = fc.constantFrom('cancel' as const, 'none' as const, 'none' as const, 'none' as const)
const life = fc.record({ steps: fc.array(step, { minLength: 2, maxLength: 10 }), ending })
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

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
      const endedAt = new Date()
      return publish(
        ...one.seconds.map((seconds, index) => callEnded(companyId, `${number}-${index}`, seconds, { endedAt })),
        messageSent(companyId, `${number}`, endedAt),
      )
    }
    default:
      one satisfies never
  }
}

async function inParallel<Item>(items: readonly Item[], lanes: number, work: (item: Item, index: number) => Promise<void>): Promise<void> {
  const queue = [...items.entries()]
  const lane = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(next[1], next[0])
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** Holds events back, and lets them out in another order, some twice, while their causes go on. */
function createShuffler(random: () => number) {
  const waiting: CompanyEvent[] = []
  const told: CompanyEvent[] = []
  const pick = (from: CompanyEvent[]) => from.splice(Math.floor(random() * from.length), 1)
  return {
    told,
    draw: random,
    hold: (...events: CompanyEvent[]) => void waiting.push(...events),
    async letOut(share: number): Promise<void> {
      const out: CompanyEvent[] = []
      for (let left = Math.ceil(waiting.length * share); left > 0; left--) out.push(...pick(waiting))
      // What was told before is told again, much later than itself.
      const again = Array.from({ length: Math.min(told.length, 10) }, () => told[Math.floor(random() * told.length)]).flatMap(
        (one) => one ?? [],
      )
      const doubled = out.filter(() => random() < 0.5)
      const all = [...out, ...again, ...doubled].toSorted(() => random() - 0.5)
      if (all.length > 0) await harness.publish(...all)
      told.push(...out)
    },
  }
}

const at = (seconds: unknown) => new Date(Number(seconds) * 1_000)

test(`after ${lives} random lives, told shuffled and doubled, the mirror is Stripe’s state, and each use counts once (seed ${seed})`, async () => {
  const plan = await harness.billing.createPlan(salonPlan)
  const customers: Customer[] = []
  await inParallel(Array.from({ length: lives }), 10, async () => void customers.push(await open(plan.plan?.planId ?? '')))
  const companies = new Map(customers.map(({ customerId, companyId }) => [customerId, companyId]))

  const draws = fc.sample(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { numRuns: 2_000, seed })
  let drawn = 0
  const shuffler = createShuffler(() => draws[drawn++ % draws.length] ?? 0)
  const about = new Map<string, Set<string>>()
  const collect = async () => {
    for (const webhook of await sandbox.control.takeHeldWebhooks()) {
      const event = eventOfWebhook(webhook, (customerId) => companies.get(customerId))
      if (event) shuffler.hold(event)
    }
  }

  for (const pathPrefix of ['/v1/subscriptions/', '/v1/invoices/', '/v1/billing/meter_events']) {
    for (const kind of ['rate_limited', 'error_after', 'disconnect_after'] as const) {
      await sandbox.control.addFault({ provider: 'stripe', kind, pathPrefix, times: 25 })
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
    if (last === 'cancel') await stripe.subscriptions.cancel(customer.subscriptionId).catch(() => undefined)
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
  const subscriptions = new Map((state.subscriptions as unknown as Stripe.Subscription[]).map((each) => [each.id, each]))
  const invoices = Map.groupBy(state.invoices as unknown as Stripe.Invoice[], ({ customer }) => idOf(customer))
  const events = state.events as unknown as Stripe.Event[]
  expect(events.length).toBeGreaterThan(lives * 4)
  for (const { envelope, body } of shuffler.told) {
    const { subscriptionId, invoiceId } = JSON.parse(Buffer.from(body).toString()) as { subscriptionId?: string; invoiceId?: string }
    const id = invoiceId ?? subscriptionId
    if (id) about.set(id, (about.get(id) ?? new Set()).add(envelope.id))
  }

  await inParallel(customers, 10, async ({ companyId, customerId, subscriptionId }) => {
    const theirs = subscriptions.get(subscriptionId)
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
    expect(allowed).toBe(['active', 'trialing', 'past_due'].includes(theirs?.status ?? ''))
  })

  const used = new Map<string, [string, bigint]>()
  await inParallel(customers, 10, async ({ companyId, customerId }, index) => {
    const uses = customers[index] && plans[index]?.steps.flatMap((one) => (one.do === 'use' ? [one.seconds] : []))
    const calls = (uses ?? []).flat().map((seconds) => Math.ceil(seconds / 60))
    const minutes = calls.reduce((sum, count) => sum + count, 0)
    const from = new Date(Date.now() - 3_600_000)
    const until = new Date(Date.now() + 3_600_000)
    const usage = await allPages(async (pageToken) => {
      const page = await harness.billing.listUsage({ companyId, from, until, pageToken })
      return { items: page.usage, nextPageToken: page.nextPageToken }
    })
    const sum = (kind: string) => usage.reduce((total, each) => total + (each.kind === kind ? each.quantity : 0n), 0n)
    expect([sum('USAGE_KIND_CALL_MINUTES'), sum('USAGE_KIND_MESSAGES')]).toEqual([BigInt(minutes), BigInt(uses?.length ?? 0)])
    expect(new Set(usage.map(({ eventId }) => eventId)).size).toBe(calls.filter((count) => count > 0).length + (uses?.length ?? 0))
    for (const { usageId, quantity } of usage) used.set(usageId, [customerId, quantity])
    await expectLinesToAddUp(companyId)
  })
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

/** Every line of the running invoice is what the events behind it add up to. */
async function expectLinesToAddUp(companyId: CompanyId): Promise<void> {
  const { lines, total } = await harness.billing.previewInvoice({ companyId })
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
}
