import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import { injectTrace, withSpan } from '@frontdesk/telemetry'
import type { TsProtoServiceDefinition } from 'nice-grpc'
import type { DeadlineOptions } from 'nice-grpc-client-middleware-deadline'
import { ClientError, Metadata, Status, type ClientMiddleware } from 'nice-grpc-common'
import type { RpcCallOptions, RpcClientOptions } from './client-options.ts'
import { readError } from './error-trailer.ts'
import { rpcAttributes, spanKinds } from './spans.ts'
import { errorCodeOf } from './status.ts'
import { answerOf, unary } from './unary.ts'

/** What every call of a client carries and leaves: deadline, token, trace; span, metric, and an error of ours. */
export function call<Definition extends TsProtoServiceDefinition>(
  client: RpcClientOptions<Definition>,
): ClientMiddleware<RpcCallOptions, DeadlineOptions> {
  const { telemetry, audience, issuer } = client
  const duration = telemetry.metrics.histogram('rpc_client_call_duration_seconds', 'Calls made, by method and code.', ['method', 'code'])

  return (call, options) => {
    const method = call.method.path.slice(1)
    if (call.responseStream) throw new Error(`${method} streams; the client of @frontdesk/rpc calls unary methods`)
    const { companies = client.companies ?? 'all', actor, deadlineMs = client.deadlineMs ?? 2_000, ...rest } = options
    const span = { kind: spanKinds.client, attributes: rpcAttributes(call.method.path) }
    let trailer = Metadata()

    const send = async () => {
      const endsAtMs = performance.now() + deadlineMs
      const token = await inTime(issuer.issue({ audience, companies, ...(actor === undefined ? {} : { actor }) }), deadlineMs, audience)
      const leftMs = Math.max(1, Math.ceil(endsAtMs - performance.now()))
      const trace: Record<string, string> = {}
      injectTrace(trace)
      const metadata = Metadata(options.metadata)
        // The deadline runs here; the server learns of it, so that it too can stop.
        .set('grpc-timeout', `${leftMs}m`)
      if (token !== '') metadata.set('authorization', `Bearer ${token}`)
      for (const [key, value] of Object.entries(trace)) metadata.set(key, value)
      const onTrailer = (received: Metadata) => {
        trailer = received
        options.onTrailer?.(received)
      }
      return answerOf(call.next(call.request, { ...rest, metadata, deadline: leftMs, onTrailer }))
    }

    return unary(async () => {
      const startedAt = performance.now()
      let code = 'ok'
      try {
        return await withSpan(method, span, send)
      } catch (thrown) {
        const error = asFrontdeskError(thrown, trailer, audience)
        code = error.code
        throw error
      } finally {
        duration.observe({ method, code }, (performance.now() - startedAt) / 1000)
      }
    })
  }
}

/** A call's deadline covers its token too, which another service may have to give. */
async function inTime(token: Promise<string>, deadlineMs: number, audience: string): Promise<string> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const publicMessage = transportMessage('deadline_exceeded', audience)
    late.reject(new FrontdeskError('deadline_exceeded', { publicMessage, detail: 'no caller token in time' }))
  }, deadlineMs)
  try {
    return await Promise.race([token, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function asFrontdeskError(error: unknown, trailer: Metadata, audience: string): FrontdeskError {
  if (isFrontdeskError(error)) return error
  if (!(error instanceof ClientError)) {
    const aborted = error instanceof Error && error.name === 'AbortError'
    return new FrontdeskError(aborted ? 'cancelled' : 'internal', {
      publicMessage: aborted ? 'The call was cancelled.' : 'The call could not be made.',
      cause: error,
    })
  }
  const told = readError(trailer, error.details, error)
  if (told) return told
  const code = error.code === Status.OK ? 'internal' : errorCodeOf[error.code]
  // What the transport says names addresses: it is for the log.
  return new FrontdeskError(code, { publicMessage: transportMessage(code, audience), detail: error.details, cause: error })
}

function transportMessage(code: string, audience: string): string {
  if (code === 'unavailable') return `${audience} can not be reached at the moment.`
  if (code === 'deadline_exceeded') return `${audience} did not answer in time.`
  return `${audience} refused the call (${code}).`
}
