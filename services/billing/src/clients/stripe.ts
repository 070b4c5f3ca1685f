import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Telemetry } from '@frontdesk/telemetry'
import { circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleWhen, noop, type IPolicy, retry, wrap } from 'cockatiel'
import { Stripe } from 'stripe'
import type { PaymentProvider } from '../app/ports.ts'
import type { FetchedObject, ProviderObject } from '../domain/subscription.ts'
import type { UsageKind } from '../domain/usage.ts'
import { createMeterStream } from './meter-stream.ts'
import {
  circuitOpenMs,
  fromStripe,
  isMissing,
  isPassing,
  isSessionOver,
  isUnknown,
  outcomeOf,
  takenByStripe,
  toFrontdeskError,
  unknownEvent,
} from './stripe-errors.ts'
import { toMeterErrors } from './stripe-meter-errors.ts'
import { toInvoiceState, toSubscriptionState } from './stripe-objects.ts'

export interface StripeOptions {
  readonly apiKey: string
  /** `https://api.stripe.com`, or another host that speaks its API. */
  readonly baseUrl: string
  /** Of one request. */
  readonly timeoutMs: number
  /** The event names of the meters. */
  readonly meters: Readonly<Record<UsageKind, string>>
  readonly telemetry: Telemetry
}

/** The one that our code was written for, whatever the account's default is. */
const apiVersion = '2026-10-28.endive'
/** B2B: an invoice by e-mail, due after so many days. */
const daysUntilDue = 14
const failuresBeforeOpen = 20

/** Stripe as our payment provider. The disposal closes its connections. */
export function createStripe(options: StripeOptions): PaymentProvider & AsyncDisposable {
  const { apiKey, baseUrl, timeoutMs, meters, telemetry } = options
  const { protocol, hostname, port } = new URL(baseUrl)
  const agent = new (protocol === 'http:' ? HttpAgent : HttpsAgent)({ keepAlive: true })
  const settings: Stripe.StripeConfig = {
    apiVersion,
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    ...(port !== '' && { port }),
    timeout: timeoutMs,
    // Ours are below: the SDK's know no breaker, and workers have their rows on disk.
    maxNetworkRetries: 0,
    telemetry: false,
    httpAgent: agent,
  }
  const stripe = new Stripe(apiKey, settings)

  const duration = telemetry.metrics.histogram(
    'billing_stripe_call_duration_seconds',
    'Requests to Stripe by operation and outcome; ok, missing, rate_limited, no_answer, circuit_open, http_<status>.',
    ['operation', 'outcome'],
  )
  const passing = handleWhen(isPassing)
  const breaker = circuitBreaker(passing, { halfOpenAfter: circuitOpenMs, breaker: new ConsecutiveBreaker(failuresBeforeOpen) })
  /** For somebody who waits: jittered, and each repetition under the same idempotency key. */
  const again = retry(passing, { maxAttempts: 2, backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 2_000 }) })

  async function call<Answer>(
    operation: string,
    policy: IPolicy,
    request: () => Promise<Answer>,
    check: (answer: Answer) => Answer = fromStripe,
  ): Promise<Answer> {
    try {
      return await wrap(policy, breaker).execute(() => measured(operation, async () => check(await request())))
    } catch (error) {
      throw toFrontdeskError(error)
    }
  }

  async function measured<Answer>(operation: string, request: () => Promise<Answer>): Promise<Answer> {
    const startedAt = performance.now()
    let outcome = 'ok'
    try {
      return await request()
    } catch (error) {
      outcome = outcomeOf(error)
      throw error
    } finally {
      duration.observe({ operation, outcome }, (performance.now() - startedAt) / 1_000)
    }
  }

  async function fetched(type: ProviderObject['type'], id: string): Promise<FetchedObject> {
    return type === 'subscription'
      ? { type, state: toSubscriptionState(await call('fetch_subscription', noop, () => stripe.subscriptions.retrieve(id))) }
      : { type, state: toInvoiceState(await call('fetch_invoice', noop, () => stripe.invoices.retrieve(id))) }
  }

  const tellMeter = createMeterStream({
    async openSession() {
      const { authentication_token: token, expires_at: expiresAt } = await call('open_meter_session', noop, () =>
        stripe.v2.billing.meterEventSession.create(),
      )
      const { meterEventStream } = new Stripe(token, settings).v2.billing
      return {
        send: (events) => call('report_usage', noop, () => meterEventStream.create({ events }), takenByStripe),
        expiresAt: new Date(expiresAt),
      }
    },
    isOver: (error) => error instanceof Error && isSessionOver(error.cause),
  })

  return {
    async createCustomer({ companyId, attempt, name, email }) {
      const metadata = { company_id: companyId }
      const { id } = await call('create_customer', again, () =>
        stripe.customers.create({ name, email, metadata }, { idempotencyKey: `frontdesk-customer-${companyId}-${attempt}` }),
      )
      return id
    },

    async findSubscription({ companyId, customerId }) {
      const { data } = await call('find_subscription', again, () => stripe.subscriptions.list({ customer: customerId, limit: 100 }))
      const ours = data.find(({ metadata }) => metadata['company_id'] === companyId)
      return ours && toSubscriptionState(ours)
    },

    async createSubscription({ companyId, attempt, customerId, priceId }) {
      const subscription = await call('create_subscription', again, () =>
        stripe.subscriptions.create(
          {
            customer: customerId,
            items: [{ price: priceId }],
            collection_method: 'send_invoice',
            days_until_due: daysUntilDue,
            metadata: { company_id: companyId },
          },
          { idempotencyKey: `frontdesk-subscription-${companyId}-${attempt}` },
        ),
      )
      return toSubscriptionState(subscription)
    },

    fetch: ({ type, id }) =>
      fetched(type, id).catch((error: unknown) => {
        if (error instanceof Error && isMissing(error.cause)) return undefined
        throw error
      }),

    report: ({ identifier, kind, customerId, quantity, at }) =>
      tellMeter({
        event_name: meters[kind],
        identifier,
        timestamp: at.toISOString(),
        payload: { stripe_customer_id: customerId, value: String(quantity) },
      }),

    meterErrors: (id) =>
      call('fetch_meter_errors', noop, () => stripe.v2.core.events.retrieve(id)).then(toMeterErrors, (error: unknown) => {
        throw error instanceof Error && isUnknown(error.cause) ? unknownEvent(id, error) : error
      }),

    async [Symbol.asyncDispose]() {
      agent.destroy()
    },
  }
}
