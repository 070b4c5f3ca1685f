import { codeOf } from '@frontdesk/http'
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { Provider } from '@frontdesk/providers'
import type { Metrics } from '@frontdesk/telemetry'
import type { IncomingWebhook } from '../app/accept-webhook.ts'
import type { RateLimits, RefusalLog } from '../app/ports.ts'
import type { Acceptance } from '../domain/delivery.ts'

export interface WebhookRoutesDependencies {
  readonly accept: (webhook: IncomingWebhook) => Promise<Acceptance>
  readonly providers: readonly Provider[]
  readonly limits: Pick<RateLimits, 'checkConnection'>
  readonly refusals: RefusalLog
  readonly metrics: Metrics
  readonly clock: () => Date
}

/** `POST /v1/webhooks/{provider}` for platform secrets, and `/{provider}/{connectionId}` for a connection's own. */
export function registerWebhookRoutes(server: FastifyInstance, deps: WebhookRoutesDependencies): void {
  const outcomes = deps.metrics.counter(
    'webhooks_total',
    'Webhook deliveries by provider and outcome: accepted, duplicate, or the error code.',
    ['provider', 'outcome'],
  )

  for (const provider of deps.providers) {
    const outcome = (name: string) => outcomes.inc({ provider: provider.name, outcome: name })
    const options: RouteShorthandOptions = {
      bodyLimit: provider.bodyLimitBytes,
      // Also of what is refused before the handler runs, such as a body that is too large.
      onError: (request, _reply, error, done) => {
        const code = codeOf(error)
        outcome(code)
        const { connectionId } = request.params as Parameters
        deps.refusals.record({ provider: provider.name, connectionId, code, address: request.ip, at: deps.clock() })
        done()
      },
    }
    const accept = async ({ params, headers, body, ip }: FastifyRequest<Route>) => {
      const acceptance = await deps.accept({ provider, connectionId: params.connectionId, address: ip, headers, rawBody: body })
      outcome(acceptance.accepted > 0 ? 'accepted' : 'duplicate')
      return acceptance
    }
    server.post<Route>(`/v1/webhooks/${provider.name}`, options, accept)
    // Before the body is read.
    const onRequest = ({ params }: { params: unknown }) => deps.limits.checkConnection((params as Parameters).connectionId ?? '')
    server.post<Route>(`/v1/webhooks/${provider.name}/:connectionId`, { ...options, onRequest }, accept)
  }
}

interface Parameters {
  readonly connectionId?: string
}

interface Route {
  Params: Parameters
  Body: Buffer
}
