/** `.frontdesk/dev.json`: where everything of a running stack is, and the secrets to play a provider with. */
export interface Manifest {
  readonly ingress: { readonly url: string; readonly adminUrl: string }
  /** The public keys of the caller tokens that identity signs. */
  readonly identity: { readonly jwksUrl: string }
  readonly nats: { readonly url: string; readonly monitorUrl?: string }
  readonly mysql: { readonly url: string }
  /** `host:port` of each service's gRPC server. */
  readonly rpc: Readonly<Record<ServiceName, string>>
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
}

/** The services that events pass through. */
export const eventServiceNames = ['webhook-ingress', 'company-resolver', 'booking'] as const
export type EventServiceName = (typeof eventServiceNames)[number]
export const serviceNames = [...eventServiceNames, 'identity'] as const
export type ServiceName = (typeof serviceNames)[number]
