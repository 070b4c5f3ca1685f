import { toFrontdeskError } from '@frontdesk/errors'
import type { FastifyInstance } from 'fastify'
import type { Provider } from '@frontdesk/providers'
import type { Metrics } from '@frontdesk/telemetry'
import type { IncomingWebhook } from '../app/accept-webhook.ts'
import type { RefusalLog } from '../app/ports.ts'
import type { Acceptance } from '../domain/delivery.ts'

export interface WebhookRoutesDependencies {
  readonly accept: (webhook: IncomingWebhook) => Promise<Acceptance>
  readonly providers: readonly Provider[]
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
    for (const path of [`/v1/webhooks/${provider.name}`, `/v1/webhooks/${provider.name}/:connectionId`]) {
      server.post<{ Params: { connectionId?: string } }>(path, { bodyLimit: provider.bodyLimitBytes }, async (request) => {
        const { connectionId } = request.params
        try {
          const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
          const acceptance = await deps.accept({ provider, connectionId, headers: request.headers, rawBody })
          outcomes.inc({ provider: provider.name, outcome: acceptance.accepted > 0 ? 'accepted' : 'duplicate' })
          return acceptance
        } catch (error) {
          const { code } = toFrontdeskError(error)
          outcomes.inc({ provider: provider.name, outcome: code })
          deps.refusals.record({ provider: provider.name, connectionId, code, address: request.ip, at: deps.clock() })
          throw error
        }
      })
    }
  }
}
