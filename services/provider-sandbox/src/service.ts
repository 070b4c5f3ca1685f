import { startAdmin } from '@frontdesk/service'
import { createTelemetry } from '@frontdesk/telemetry'
import type { Config } from './config.ts'
import { startControl } from './control/control.ts'
import type { Clock } from './shared/clock.ts'
import { createFaults } from './shared/faults.ts'
import { startProviderServer } from './shared/provider-server.ts'
import { createRequestLog } from './shared/request-log.ts'
import { createWebhooks, type WebhooksOptions } from './shared/webhooks.ts'
import { forget } from './stripe/state.ts'
import { createStripeSandbox } from './stripe/stripe.ts'
import { createWhatsappSandbox } from './whatsapp/whatsapp.ts'

/** A running sandbox: where each provider's API is, and how to control them. */
export interface ProviderSandbox extends AsyncDisposable {
  readonly stripeUrl: string
  readonly whatsappUrl: string
  readonly controlUrl: string
  readonly adminUrl: string
}

/** What a test can put in place of the real thing. */
export interface ProviderSandboxOverrides {
  readonly now?: Clock
  readonly webhooks?: Pick<WebhooksOptions, 'attemptsMax' | 'firstDelayMs'>
}

/** Starts the emulated providers. Disposing it abandons webhooks that are still to be delivered. */
export async function startProviderSandbox(config: Config, overrides: ProviderSandboxOverrides = {}): Promise<ProviderSandbox> {
  const { now = () => new Date() } = overrides
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTelemetry({ service: 'provider-sandbox', logLevel: config.LOG_LEVEL }))
  const webhooks = starting.use(createWebhooks({ ingressUrl: config.INGRESS_URL, telemetry, ...overrides.webhooks }))
  const faults = createFaults()
  const requests = createRequestLog()
  const stripe = createStripeSandbox({
    apiKey: config.STRIPE_API_KEY.reveal(),
    webhookSecret: config.STRIPE_WEBHOOK_SECRET.reveal(),
    webhooks,
    now,
  })
  const whatsapp = createWhatsappSandbox({
    accessToken: config.WHATSAPP_ACCESS_TOKEN.reveal(),
    appSecret: config.WHATSAPP_APP_SECRET.reveal(),
    webhooks,
    now,
  })
  const reset = () => {
    faults.clear()
    requests.clear()
    webhooks.takeHeld()
    forget(stripe.state)
    for (const map of Object.values(whatsapp.state)) map.clear()
  }

  const shared = { host: config.HTTP_HOST, telemetry, faults, requests, now }
  const stripeServer = starting.use(await startProviderServer(stripe.api, config.STRIPE_PORT, shared))
  const whatsappServer = starting.use(await startProviderServer(whatsapp.api, config.WHATSAPP_PORT, shared))
  const control = starting.use(await startControl(config.CONTROL_PORT, { telemetry, faults, requests, webhooks, stripe, whatsapp, reset }))
  const urls = { stripeUrl: stripeServer.url, whatsappUrl: whatsappServer.url, controlUrl: control.url }
  const admin = starting.use(
    await startAdmin({ port: config.ADMIN_PORT, host: config.HTTP_HOST, telemetry, ready: () => ({ ready: true, checks: {} }) }),
  )
  telemetry.logger.info({ ...urls, adminUrl: admin.url }, 'listening')

  const owned = starting.move()
  return { ...urls, adminUrl: admin.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
