import { FrontdeskError, isFrontdeskError, toFrontdeskError } from '@frontdesk/errors'
import { extractTrace, withSpan, type Telemetry } from '@frontdesk/telemetry'
import { ServerError, Status, type CallContext, type ServerMiddleware } from 'nice-grpc-common'
import { bearerTokenOf } from './bearer-token.ts'
import { rememberCaller } from './caller.ts'
import { writeError } from './error-trailer.ts'
import { rpcAttributes, spanKinds } from './spans.ts'
import { errorCodeOf, grpcStatusOf } from './status.ts'
import type { TokenVerifier } from './token-verifier.ts'
import { answerOf, unary } from './unary.ts'

/** Span, metric and error table of each call; every method of ours is unary. */
export function observe(telemetry: Telemetry): ServerMiddleware {
  const duration = telemetry.metrics.histogram('rpc_server_call_duration_seconds', 'Calls served, by method and code.', ['method', 'code'])
  const { logger } = telemetry
  return (call, context) => {
    const method = call.method.path.slice(1)
    if (call.responseStream) throw new Error(`${method} streams; the server of @frontdesk/rpc serves unary methods`)
    const parent = extractTrace({ traceparent: context.metadata.get('traceparent'), tracestate: context.metadata.get('tracestate') })
    const span = { parent, kind: spanKinds.server, attributes: rpcAttributes(call.method.path) }

    const serve = async () => {
      try {
        return await answerOf(call.next(call.request, context))
      } catch (thrown) {
        const error = asFrontdeskError(thrown, context)
        if (error.code === 'internal') logger.error({ err: error, method }, 'call failed')
        else logger.debug({ err: error, method }, 'call refused')
        throw error
      }
    }

    return unary(async () => {
      const startedAt = performance.now()
      let code = 'ok'
      try {
        return await withSpan(method, span, serve)
      } catch (thrown) {
        const error = toFrontdeskError(thrown)
        code = error.code
        writeError(context.trailer, error)
        throw new ServerError(grpcStatusOf[error.code], error.publicMessage)
      } finally {
        duration.observe({ method, code }, (performance.now() - startedAt) / 1000)
      }
    })
  }
}

/** Lets a call through with its caller remembered, or refuses it. */
export function authenticate(verifier: TokenVerifier): ServerMiddleware {
  return async function* authenticateCall(call, context) {
    rememberCaller(context, await verifier.verify(bearerTokenOf(context.metadata.get('authorization'))))
    return yield* call.next(call.request, context)
  }
}

/** Ends streams when the signal aborts, since an open one would hold up the server's stop. */
export function abortStreamsOn(stop: AbortSignal): ServerMiddleware {
  return async function* abortStream(call, context) {
    return yield* call.next(call.request, { ...context, signal: AbortSignal.any([context.signal, stop]) })
  }
}

function asFrontdeskError(error: unknown, context: CallContext): FrontdeskError {
  if (isFrontdeskError(error)) return error
  if (error instanceof ServerError && error.code !== Status.OK) {
    return new FrontdeskError(errorCodeOf[error.code], { publicMessage: error.details, cause: error })
  }
  if (context.signal.aborted) {
    return new FrontdeskError('cancelled', { publicMessage: 'The caller gave up, or its deadline passed.', cause: error })
  }
  return toFrontdeskError(error)
}
