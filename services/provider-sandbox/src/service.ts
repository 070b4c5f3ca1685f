import { startAdmin } from '@frontdesk/service'
import { createTelemetry } from '@frontdesk/telemetry'
import { createCalcomSandbox } from './calcom/calcom.ts'
import type { Config } from './config.ts'
import { startControl } from './control/control.ts'
import type { Clock } from './shared/clock.ts'
import { createFaults } from './shared/faults.ts'
import { startProviderServer } from './shared/provider-server.ts'
import { createRequestLog } from './shared/request-log.ts'
import { restore } from './shared/snapshot.ts'
import { openStateFile } from './shared/state-file.ts'
import { createWebhooks, type WebhooksOptions } from './shared/webhooks.ts'
import { createStripeSandbox } from './stripe/stripe.ts'
import { automaticStatuses, createWhatsappSandbox } from './whatsapp/whatsapp.ts'

/** A running sandbox: where each provider's API is, and how to control them. */
export interface ProviderSandbox extends AsyncDisposable {
  readonly stripeUrl: string
  readonly whatsappUrl: string
  readonly calcomUrl: string
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
  const calcom = createCalcomSandbox({ apiKey: config.CALCOM_API_KEY.reveal(), now })
  const states = { stripe: stripe.state, whatsapp: whatsapp.state, calcom: calcom.state }
  const file = starting.use(await openStateFile({ path: config.STATE_FILE, states, logger: telemetry.logger }))
  const reset = () => {
    faults.clear()
    requests.clear()
    webhooks.takeHeld()
    whatsapp.automaticStatuses = automaticStatuses
    stripe.meterSessions.clear()
    for (const state of Object.values(states)) restore(state, undefined)
  }

  const shared = { host: config.HTTP_HOST, telemetry, faults, requests, now, onChange: file.touch }
  const stripeServer = starting.use(await startProviderServer(stripe.api, config.STRIPE_PORT, shared))
  const whatsappServer = starting.use(await startProviderServer(whatsapp.api, config.WHATSAPP_PORT, shared))
  const calcomServer = starting.use(await startProviderServer(calcom.api, config.CALCOM_PORT, shared))
  const control = starting.use(
    await startControl(config.CONTROL_PORT, {
      telemetry,
      faults,
      requests,
      webhooks,
      stripe,
      whatsapp,
      calcom,
      reset,
      onChange: file.touch,
    }),
  )
  const urls = { stripeUrl: stripeServer.url, whatsappUrl: whatsappServer.url, calcomUrl: calcomServer.url, controlUrl: control.url }
  const admin = starting.use(
    await startAdmin({ port: config.ADMIN_PORT, host: config.HTTP_HOST, telemetry, ready: () => ({ ready: true, checks: {} }) }),
  )
  telemetry.logger.info({ ...urls, adminUrl: admin.url }, 'listening')

  const owned = starting.move()
  return { ...urls, adminUrl: admin.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
