import { freePort } from './ports.ts'
import { createSandboxControl, type SandboxControl } from './sandbox-control.ts'
import { startServer } from './server-process.ts'

/** What the emulated providers know us and sign by. */
export interface SandboxSecrets {
  readonly stripeApiKey: string
  readonly stripeWebhookSecret: string
  readonly whatsappAccessToken: string
  readonly whatsappAppSecret: string
  readonly calcomApiKey: string
}

/** A running services/provider-sandbox. */
export interface ProviderSandbox extends AsyncDisposable {
  /** http://127.0.0.1:port, for the SDK's host, port and protocol. */
  readonly stripeUrl: string
  readonly whatsappUrl: string
  readonly calcomUrl: string
  readonly controlUrl: string
  readonly secrets: SandboxSecrets
  readonly control: SandboxControl
}

export interface ProviderSandboxOptions {
  /** Where webhooks are sent, at `/v1/webhooks/{provider}`; without it they are held. */
  readonly ingressUrl?: string
  /** Those that are left out are made up. */
  readonly secrets?: Partial<SandboxSecrets>
  /** What it remembers is kept there. */
  readonly stateFile?: string
}

const madeUp: SandboxSecrets = {
  stripeApiKey: 'sk_test_sandbox',
  stripeWebhookSecret: 'whsec_sandbox',
  whatsappAccessToken: 'EAAsandbox',
  whatsappAppSecret: 'sandbox-app-secret',
  calcomApiKey: 'cal_sandbox',
}
const host = '127.0.0.1'

/** Starts the providers' outbound APIs, emulated, as a process that ends with this one. */
export const startProviderSandbox = async (options: ProviderSandboxOptions = {}): Promise<ProviderSandbox> => {
  const secrets = { ...madeUp, ...options.secrets }
  const [adminPort, stripePort, whatsappPort, calcomPort, controlPort] = await freePorts(5)
  const urlOf = (port: number | undefined) => `http://${host}:${port}`
  const server = await startServer({
    name: 'provider-sandbox',
    path: process.execPath,
    args: [new URL('../../../services/provider-sandbox/src/main.ts', import.meta.url).pathname],
    port: adminPort ?? 0,
    env: {
      HTTP_HOST: host,
      ADMIN_PORT: String(adminPort),
      STRIPE_PORT: String(stripePort),
      WHATSAPP_PORT: String(whatsappPort),
      CALCOM_PORT: String(calcomPort),
      CONTROL_PORT: String(controlPort),
      INGRESS_URL: options.ingressUrl ?? '',
      STATE_FILE: options.stateFile ?? '',
      STRIPE_API_KEY: secrets.stripeApiKey,
      STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
      WHATSAPP_ACCESS_TOKEN: secrets.whatsappAccessToken,
      WHATSAPP_APP_SECRET: secrets.whatsappAppSecret,
      CALCOM_API_KEY: secrets.calcomApiKey,
      LOG_LEVEL: 'warn',
    },
    serves: async () =>
      (await fetch(`${urlOf(adminPort)}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined))?.ok ?? false,
  })
  return {
    stripeUrl: urlOf(stripePort),
    whatsappUrl: urlOf(whatsappPort),
    calcomUrl: urlOf(calcomPort),
    controlUrl: urlOf(controlPort),
    secrets,
    control: createSandboxControl(urlOf(controlPort)),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** Each another one. */
const freePorts = async (count: number): Promise<number[]> => {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}
