import { codeOf } from '@frontdesk/http'
import type { FunctionWebhook } from '@frontdesk/providers'
import type { Telemetry } from '@frontdesk/telemetry'
import type { FastifyInstance } from 'fastify'
import type { FunctionCallRequest, FunctionResult } from '../app/answer-function.ts'
import type { RefusalLog } from '../app/ports.ts'

export interface FunctionRoutesDependencies {
  readonly answer: (request: FunctionCallRequest) => Promise<FunctionResult>
  readonly webhook: Pick<FunctionWebhook, 'bodyLimitBytes'>
  readonly refusals: RefusalLog
  readonly telemetry: Pick<Telemetry, 'metrics' | 'logger'>
  readonly clock: () => Date
}

/** `POST /v1/retell/functions/{name}`, the tools of a voice agent that speaks with somebody. */
export function registerFunctionRoutes(server: FastifyInstance, deps: FunctionRoutesDependencies): void {
  const { metrics, logger } = deps.telemetry
  const outcomes = metrics.counter(
    'function_calls_total',
    'Tool calls of voice agents by outcome: what was answered, why it was no company’s, or the error code.',
    ['function', 'outcome'],
  )

  server.post<{ Body: Buffer; Params: { name: string } }>(
    '/v1/retell/functions/:name',
    {
      bodyLimit: deps.webhook.bodyLimitBytes,
      onError: (request, _reply, error, done) => {
        const code = codeOf(error)
        outcomes.inc({ function: 'unread', outcome: code })
        deps.refusals.record({ provider: 'retell', connectionId: undefined, code, address: request.ip, at: deps.clock() })
        done()
      },
    },
    async ({ headers, body, params }) => {
      const { name, answer, outcome, companyId, problem } = await deps.answer({ name: params.name, headers, rawBody: body })
      outcomes.inc({ function: name, outcome })
      const about = { function: name, outcome, companyId }
      if (problem instanceof Error) logger.warn({ ...about, err: problem }, 'a voice agent’s tool could not be answered')
      else if (problem !== undefined) logger.info({ ...about, violations: problem }, 'a voice agent’s arguments did not fit')
      return answer
    },
  )
}
