import { extractTrace } from '@frontdesk/telemetry'
import type { Telemetry } from '@frontdesk/telemetry'
import { context, isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** What is known of a request from its beginning; fastify builds `routeOptions` anew at each look. */
interface Observation {
  readonly span: Span
  /** The pattern, not the path: paths are without number, and hold ids. */
  readonly route: string
}

const slot = 'frontdeskObservation'

/** What becomes of a caller's trace: ours goes on with it, or is a new one with a link to it. */
export type CallersTrace = 'continued' | 'linked'

/** Gives each request a span and a time, and no log line; the result tells a request's trace id. */
export function observeRequests(
  app: FastifyInstance,
  telemetry: Telemetry,
  callersTrace: CallersTrace = 'continued',
): (request: FastifyRequest) => string | undefined {
  const seconds = telemetry.metrics.histogram('http_request_seconds', 'Time to the end of the answer.', ['route', 'method', 'status'])
  // A member of the request, since a WeakMap of requests costs 3 µs of each.
  app.decorateRequest(slot, null)

  app.addHook('onRequest', (request, _reply, done) => {
    const parent = callersTrace === 'continued' ? contextOf(request) : ROOT_CONTEXT
    const route = request.routeOptions.url ?? '(none)'
    const span = trace.getTracer('frontdesk').startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER }, parent)
    // What is not recorded, which is most of it, is not even looked at.
    if (callersTrace === 'linked' && span.isRecording()) linkToCaller(span, request)
    request.setDecorator<Observation>(slot, { span, route })
    // fastify keeps this context over the reading of the body, up to the handler.
    context.with(trace.setSpan(parent, span), done)
  })

  app.addHook('onResponse', (request, reply, done) => {
    const observation = observationOf(request)
    if (observation) {
      const { method } = request
      const status = reply.statusCode
      seconds.observe({ route: observation.route, method, status }, reply.elapsedTime / 1_000)
      endSpan(observation, method, status)
    }
    done()
  })

  return (request) => {
    const spanContext = observationOf(request)?.span.spanContext()
    return spanContext && isSpanContextValid(spanContext) ? spanContext.traceId : undefined
  }
}

/** Null where a hook before ours ended the request. @throws FastifyError for a request of `frameworkErrors`. */
function observationOf(request: FastifyRequest): Observation | null {
  return request.getDecorator<Observation | null>(slot)
}

/** The caller's trace if one is sent, a new one if not: never the one that happens to be active where the server was made. */
function contextOf(request: FastifyRequest) {
  const { traceparent, tracestate } = request.headers
  if (typeof traceparent !== 'string') return ROOT_CONTEXT
  return extractTrace({ traceparent, ...(typeof tracestate === 'string' && { tracestate }) })
}

function linkToCaller(span: Span, request: FastifyRequest): void {
  const caller = trace.getSpanContext(contextOf(request))
  if (caller) span.addLink({ context: caller })
}

function endSpan({ span, route }: Observation, method: string, status: number): void {
  if (span.isRecording()) {
    span.setAttributes({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': status })
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}
