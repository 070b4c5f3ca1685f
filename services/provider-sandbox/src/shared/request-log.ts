import type { IncomingHttpHeaders } from 'node:http'
import type { FaultKind } from './faults.ts'
import type { ProviderName } from './provider.ts'

/** A request as it was answered. */
export interface LoggedRequest {
  readonly id: string
  readonly provider: ProviderName
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Credentials are masked. */
  readonly headers: Readonly<Record<string, string>>
  /** Parsed where it is JSON or a form, else its text; null without one. */
  readonly body: unknown
  /** What was answered; with `disconnect_after`, what would have been. */
  readonly status: number
  readonly fault: FaultKind | null
  /** ISO 8601. */
  readonly at: string
}

/** The newest requests to the providers. */
export interface RequestLog {
  /** Its body is parsed when it is looked at, so that no request has to wait for it. */
  add(request: Omit<LoggedRequest, 'body'>, bodyOf: () => unknown): void
  /** Newest first. */
  list(filter: { provider?: ProviderName | undefined; limit: number }): LoggedRequest[]
  clear(): void
}

const keptMax = 10_000
const secretHeaders = new Set(['authorization', 'proxy-authorization', 'cookie'])

export function createRequestLog(): RequestLog {
  let requests: { readonly request: Omit<LoggedRequest, 'body'>; readonly bodyOf: () => unknown }[] = []
  return {
    add(request, bodyOf) {
      requests.push({ request, bodyOf })
      if (requests.length > 2 * keptMax) requests = requests.slice(-keptMax)
    },
    list: ({ provider, limit }) =>
      requests
        .toReversed()
        .filter(({ request }) => provider === undefined || request.provider === provider)
        .slice(0, limit)
        .map(({ request, bodyOf }) => ({ ...request, body: bodyOf() })),
    clear: () => (requests = []),
  }
}

/** The headers as they may be shown: whoever may read the log need not learn a key. */
export function maskedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, secretHeaders.has(name) ? '[redacted]' : String(value)]))
}
