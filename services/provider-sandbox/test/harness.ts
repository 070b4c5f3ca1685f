import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { loadConfig } from '@frontdesk/service'
import { eventually } from '@frontdesk/testing'
import { Stripe } from 'stripe'
import { configSchema } from '../src/config.ts'
import { startProviderSandbox } from '../src/service.ts'

export const secrets = {
  STRIPE_API_KEY: 'sk_test_sandbox',
  STRIPE_WEBHOOK_SECRET: 'whsec_sandbox',
  WHATSAPP_ACCESS_TOKEN: 'EAAsandbox',
  WHATSAPP_APP_SECRET: 'app-secret',
  CALCOM_API_KEY: 'cal_sandbox',
}

/** What an ingress got. */
export interface ReceivedWebhook {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** An ingress that keeps what it gets, and answers with the statuses that are planned, then 200. */
export async function startIngress() {
  const received: ReceivedWebhook[] = []
  const planned: number[] = []
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    received.push({ path: request.url ?? '', headers: request.headers, body: await buffer(request) })
    response.writeHead(planned.shift() ?? 200).end()
  }
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    planned,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The sandbox with an ingress, a clock that stands still until told, the official SDK, and the control API. */
export async function startHarness(settings: Record<string, string> = {}) {
  await using starting = new AsyncDisposableStack()
  const ingress = starting.use(await startIngress())
  const clock = { now: new Date('2026-11-02T09:00:00Z') }
  const config = loadConfig(configSchema, { ...secrets, INGRESS_URL: ingress.url, LOG_LEVEL: 'silent', ...settings })
  const sandbox = starting.use(await startProviderSandbox(config, { now: () => clock.now, webhooks: { firstDelayMs: 5, attemptsMax: 4 } }))
  const owned = starting.move()
  return {
    ...sandbox,
    ingress,
    clock,
    stripe: stripeClient(sandbox.stripeUrl),
    control: controlOf(sandbox.controlUrl),
    /** Waits for so many webhooks, and returns their bodies. */
    webhooks: (count: number) =>
      eventually(() => {
        if (ingress.received.length < count) throw new Error(`${ingress.received.length} of ${count} webhooks`)
        return ingress.received
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Harness = Awaited<ReturnType<typeof startHarness>>

/** The official SDK, pointed at the sandbox. */
export function stripeClient(url: string, options: { key?: string; timeout?: number } = {}): Stripe {
  const { hostname, port } = new URL(url)
  return new Stripe(options.key ?? secrets.STRIPE_API_KEY, {
    host: hostname,
    port,
    protocol: 'http',
    apiVersion: '2026-10-28.endive',
    maxNetworkRetries: 0,
    telemetry: false,
    ...(options.timeout !== undefined && { timeout: options.timeout }),
  })
}

/** A call of the control API; an answer that is no success throws with its text. */
function controlOf(url: string) {
  return async <T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> => {
    const response = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) })
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status} ${text}`)
    return JSON.parse(text) as T
  }
}

/** A customer and a price of 49.00 a month. */
export async function customerAndPrice({ stripe }: Harness) {
  const customer = await stripe.customers.create({ email: 'ada@example.com', name: 'Ada', metadata: { company_id: 'cmp_1' } })
  const price = await stripe.prices.create({
    currency: 'eur',
    unit_amount: 4_900,
    recurring: { interval: 'month' },
    product_data: { name: 'Starter' },
  })
  return { customer, price }
}

/** A subscription that is paid. */
export async function subscribed(harness: Harness, overrides: Partial<Stripe.SubscriptionCreateParams> = {}) {
  const { customer, price } = await customerAndPrice(harness)
  const subscription = await harness.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    metadata: { company_id: 'cmp_1' },
    billing_mode: { type: 'flexible' },
    ...overrides,
  })
  return { customer, price, subscription }
}

/** The types of the events about an object, in their order. */
export async function eventsOf({ control }: Harness, objectId: string): Promise<string[]> {
  const { events } = await control<{ events: { type: string; data: { object: { id: string } } }[] }>('GET', '/state/stripe')
  return events.filter(({ data }) => data.object.id === objectId).map(({ type }) => type)
}
