import { codeOf } from '@frontdesk/http'
import type { InboundWebhook } from '@frontdesk/providers'
import type { Telemetry } from '@frontdesk/telemetry'
import type { FastifyInstance } from 'fastify'
import type { InboundRequest, InboundResult } from '../app/answer-inbound.ts'
import type { RefusalLog } from '../app/ports.ts'

export interface InboundRoutesDependencies {
  readonly answer: (request: InboundRequest) => Promise<InboundResult>
  readonly webhook: InboundWebhook
  readonly refusals: RefusalLog
  readonly telemetry: Pick<Telemetry, 'metrics' | 'logger'>
  readonly clock: () => Date
}

/** `POST /v1/retell/inbound`, which Retell asks while the phone rings. */
export function registerInboundRoutes(server: FastifyInstance, deps: InboundRoutesDependencies): void {
  const { metrics, logger } = deps.telemetry
  const outcomes = metrics.counter(
    'inbound_contacts_total',
    'Calls that rang and chats that began, by outcome: answered, rejected, why the usual agent took it, or the error code.',
    ['event', 'outcome'],
  )

  server.post<{ Body: Buffer }>(
    '/v1/retell/inbound',
    {
      bodyLimit: deps.webhook.bodyLimitBytes,
      onError: (request, _reply, error, done) => {
        const code = codeOf(error)
        outcomes.inc({ event: 'unread', outcome: code })
        deps.refusals.record({ provider: 'retell', connectionId: undefined, code, address: request.ip, at: deps.clock() })
        done()
      },
    },
    async ({ headers, body }) => {
      const { event, answer, outcome, companyId, problem } = await deps.answer({ headers, rawBody: body })
      outcomes.inc({ event, outcome })
      const about = { event, outcome, companyId }
      if (answer.kind === 'reject') logger.info({ ...about, refusal: problem }, 'the company takes no calls')
      if (answer.kind === 'usual') {
        const what = problem instanceof Error ? { err: problem } : { violations: problem }
        logger.warn({ ...about, ...what }, 'the number’s usual agent takes it')
      }
      return deps.webhook.answer(event, answer)
    },
  )
}
