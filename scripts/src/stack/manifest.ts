/** `.frontdesk/dev.json`: where everything of a running stack is, and the secrets to play a provider with. */
export interface Manifest {
  readonly ingress: { readonly url: string; readonly adminUrl: string }
  /** The MCP server of messaging. */
  readonly mcp: { readonly url: string }
  /** The providers' outbound APIs, simulated, and what steers them. */
  readonly sandbox: SandboxUrls
  /** The public keys of the caller tokens that identity signs. */
  readonly identity: { readonly jwksUrl: string }
  readonly nats: { readonly url: string; readonly monitorUrl?: string }
  readonly mysql: { readonly url: string }
  /** `host:port` of each service's gRPC server. */
  readonly rpc: Readonly<Record<ServiceName, string>>
  /** The admin server of each service: `/healthz`, `/readyz`, `/metrics`. */
  readonly admin: Readonly<Record<ServiceName, string>>
  /** A caller token for every company and every service. */
  readonly operatorToken: string
  readonly pids: Readonly<Record<string, number>>
  readonly providers: {
    readonly retell: { readonly apiKey: string }
    readonly stripe: { readonly webhookSecret: string }
    readonly whatsapp: { readonly appSecret: string; readonly verifyToken: string }
  }
  readonly companies: readonly DemoCompany[]
}

export interface DemoCompany {
  readonly id: string
  readonly name: string
  readonly timeZone: string
  readonly phoneNumbers: readonly string[]
  readonly retellAgentIds: readonly string[]
  readonly calcom: {
    readonly connectionId: string
    readonly secret: string
    readonly eventTypeIds: readonly number[]
    readonly organizerEmail: string
  }
  readonly standard: { readonly connectionId: string; readonly secret: string }
  readonly whatsapp: { readonly wabaId: string; readonly phoneNumberId: string }
  readonly stripe: { readonly customerId: string }
}

export interface SandboxUrls {
  readonly stripeUrl: string
  readonly whatsappUrl: string
  readonly calcomUrl: string
  readonly controlUrl: string
}

/** The services that events pass through. */
export const eventServiceNames = ['webhook-ingress', 'company-resolver', 'booking', 'billing', 'messaging'] as const
export type EventServiceName = (typeof eventServiceNames)[number]
export const serviceNames = [...eventServiceNames, 'identity'] as const
export type ServiceName = (typeof serviceNames)[number]
/** What runs from a bundle of ours: the services, and what plays the providers for them. */
export type ProcessName = ServiceName | 'provider-sandbox'

/**
 * The services that call others, and whom: each has a credential of its own at identity, good for that alone. Whoever asks
 * for tokens for all companies says so.
 */
export const callers = {
  'webhook-ingress': { calls: ['company-resolver', 'booking'], allCompanies: true },
  booking: { calls: ['billing'] },
  messaging: { calls: ['company-resolver', 'booking', 'billing'] },
} as const satisfies Record<string, { calls: readonly ServiceName[]; allCompanies?: boolean }>
export type CallerName = keyof typeof callers
export const callerNames = Object.keys(callers) as CallerName[]

/** A value for each service. */
export function byService<Value>(valueOf: (name: ServiceName) => Value): Record<ServiceName, Value> {
  return Object.fromEntries(serviceNames.map((name) => [name, valueOf(name)])) as Record<ServiceName, Value>
}
