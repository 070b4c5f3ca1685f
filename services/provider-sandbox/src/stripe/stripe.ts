import { Stripe } from 'stripe'
import type { Clock } from '../shared/clock.ts'
import { jsonOrText } from '../shared/json.ts'
import type { ProviderApi } from '../shared/provider-server.ts'
import type { Webhooks } from '../shared/webhooks.ts'
import { authorize } from './authorization.ts'
import { type Cause, type Change, createChanges, type Publish } from './change.ts'
import { stripeFailures } from './errors.ts'
import { createMeterSessions, type MeterSessions } from './meter-sessions.ts'
import { decodeForm } from './parameters.ts'
import { registerCustomers } from './routes/customers.ts'
import { registerEvents } from './routes/events.ts'
import { registerInvoices } from './routes/invoices.ts'
import { registerMeterStream } from './routes/meter-stream.ts'
import { registerMeters } from './routes/meters.ts'
import { registerPrices } from './routes/prices.ts'
import { registerSubscriptions } from './routes/subscriptions.ts'
import { createStripeRoutes } from './routing.ts'
import { emptyState, type StripeState } from './state.ts'

/** The emulated Stripe. */
export interface StripeSandbox {
  readonly api: ProviderApi
  readonly state: StripeState
  readonly meterSessions: MeterSessions
  /** For what happens without a request to Stripe's API. */
  readonly change: (cause: Cause) => Change
}

export interface StripeSandboxOptions {
  readonly apiKey: string
  readonly webhookSecret: string
  readonly webhooks: Webhooks
  readonly now: Clock
}

export function createStripeSandbox({ apiKey, webhookSecret, webhooks, now }: StripeSandboxOptions): StripeSandbox {
  const state = emptyState()
  const meterSessions = createMeterSessions(now)
  const signer = new Stripe(apiKey).webhooks
  const publish: Publish = (event) => {
    const body = JSON.stringify(event, null, 2)
    const headers = () => ({ 'stripe-signature': signer.generateTestHeaderString({ payload: body, secret: webhookSecret }) })
    webhooks.send({ provider: 'stripe', path: '/v1/webhooks/stripe', body, headers })
  }
  const change = createChanges(state, now, publish)
  return {
    state,
    meterSessions,
    change,
    api: {
      name: 'stripe',
      failures: stripeFailures,
      parseBody: (body, path) => (path.startsWith('/v2/') ? jsonOrText(body) : decodeForm(body.toString())),
      register(server) {
        server.addHook('preHandler', async (request, reply) => {
          reply.header('request-id', request.id)
          authorize(request, apiKey, meterSessions)
        })
        const routes = createStripeRoutes(server, state, change)
        registerCustomers(routes)
        registerPrices(routes)
        registerSubscriptions(routes)
        registerInvoices(routes)
        registerMeters(routes)
        registerMeterStream(routes, meterSessions)
        registerEvents(routes)
      },
    },
  }
}
