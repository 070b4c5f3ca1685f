/** The providers whose outbound APIs are here. */
export const providerNames = ['stripe', 'whatsapp', 'calcom'] as const
export type ProviderName = (typeof providerNames)[number]

/** A refusal in the provider's own shape: what its handler throws is what the caller reads. */
export class ProviderError extends Error {
  readonly status: number
  readonly body: object
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
    super(`answered with ${status}`)
    this.name = 'ProviderError'
    this.status = status
    this.body = body
    this.headers = headers
  }
}

/** How a provider says what goes wrong before or beside its handlers. */
export interface ProviderFailures {
  readonly rateLimited: () => ProviderError
  readonly internal: () => ProviderError
  readonly notFound: (method: string, path: string) => ProviderError
  readonly unreadable: (detail: string) => ProviderError
}
