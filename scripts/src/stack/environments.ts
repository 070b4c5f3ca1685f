import { join } from 'node:path'
import type { StackKeys } from './keys.ts'
import { callerNames, type ProcessName, type ServiceName } from './manifest.ts'
import { jwksUrlOf, type Ports, sandboxUrls, urlOf } from './ports.ts'

export interface EnvironmentsOptions {
  readonly directory: string
  readonly keys: StackKeys
  readonly ports: Ports
  readonly databaseUrls: Readonly<Record<ServiceName, string>>
  readonly natsUrl: string
  readonly logLevel: string
  /** Each service's default when left out. */
  readonly poolSize: number | undefined
}

/** What each process of a development stack is told. */
export function environments(options: EnvironmentsOptions): Record<ProcessName, Record<string, string>> {
  const { directory, keys, ports, databaseUrls, natsUrl, logLevel, poolSize } = options
  const addressOf = (name: ServiceName) => `127.0.0.1:${ports.rpc[name]}`
  const asCaller = (name: ServiceName) => {
    const caller = callerNames.find((each) => each === name)
    return caller && { IDENTITY_ADDRESS: addressOf('identity'), CREDENTIAL_FILE: keys.credentialFile(caller) }
  }
  const shared = (name: ServiceName) => ({
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: String(ports.admin[name]),
    RPC_HOST: '127.0.0.1',
    RPC_PORT: String(ports.rpc[name]),
    MYSQL_URL: databaseUrls[name],
    NATS_URL: natsUrl,
    JWKS_URL: jwksUrlOf(ports),
    JWKS_FILE: keys.jwksFile,
    ...asCaller(name),
    LOG_LEVEL: logLevel,
    ...(poolSize !== undefined && { MYSQL_POOL_SIZE: String(poolSize) }),
  })
  const listening = (port: number) => ({ HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) })
  const { stripeUrl, whatsappUrl } = sandboxUrls(ports)
  return {
    'webhook-ingress': {
      ...shared('webhook-ingress'),
      ...listening(ports.http.ingress),
      DIRECTORY_ADDRESS: addressOf('company-resolver'),
      BOOKING_ADDRESS: addressOf('booking'),
      VAULT_KEYS: keys.vaultKeys,
      RETELL_API_KEY: keys.retellApiKey,
      STRIPE_WEBHOOK_SECRET: keys.stripeWebhookSecret,
      WHATSAPP_APP_SECRET: keys.whatsappAppSecret,
      WHATSAPP_VERIFY_TOKEN: keys.whatsappVerifyToken,
    },
    'company-resolver': { ...shared('company-resolver'), VAULT_KEYS: keys.vaultKeys },
    booking: { ...shared('booking'), BILLING_ADDRESS: addressOf('billing') },
    billing: { ...shared('billing'), STRIPE_API_KEY: keys.stripeApiKey, STRIPE_BASE_URL: stripeUrl },
    messaging: {
      ...shared('messaging'),
      ...listening(ports.http.mcp),
      BOOKING_ADDRESS: addressOf('booking'),
      BILLING_ADDRESS: addressOf('billing'),
      DIRECTORY_ADDRESS: addressOf('company-resolver'),
      WHATSAPP_BASE_URL: whatsappUrl,
      WHATSAPP_ACCESS_TOKEN: keys.whatsappAccessToken,
    },
    identity: {
      ...shared('identity'),
      ...listening(ports.http.jwks),
      SERVICE_CREDENTIALS_FILE: keys.credentialsFile,
      VAULT_KEYS: keys.vaultKeys,
    },
    'provider-sandbox': {
      HTTP_HOST: '127.0.0.1',
      STRIPE_PORT: String(ports.sandbox.stripe),
      WHATSAPP_PORT: String(ports.sandbox.whatsapp),
      CALCOM_PORT: String(ports.sandbox.calcom),
      CONTROL_PORT: String(ports.sandbox.control),
      ADMIN_PORT: String(ports.sandbox.admin),
      STATE_FILE: join(directory, 'provider-sandbox.json'),
      INGRESS_URL: urlOf(ports.http.ingress),
      STRIPE_API_KEY: keys.stripeApiKey,
      STRIPE_WEBHOOK_SECRET: keys.stripeWebhookSecret,
      WHATSAPP_ACCESS_TOKEN: keys.whatsappAccessToken,
      WHATSAPP_APP_SECRET: keys.whatsappAppSecret,
      CALCOM_API_KEY: keys.calcomApiKey,
      LOG_LEVEL: logLevel,
    },
  }
}
