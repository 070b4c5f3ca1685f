import { extractTrace } from '@frontdesk/telemetry'
import type { Telemetry } from '@frontdesk/telemetry'
import { context, isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Span } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** A span and a time for each request, and no log line. */
export function observeRequests(app: FastifyInstance, telemetry: Telemetry): (request: FastifyRequest) => string | undefined {
  const spans = new WeakMap<FastifyRequest, Span>()
  const seconds = telemetry.metrics.histogram('http_request_seconds', 'Time to the end of the answer.', ['route', 'method', 'status'])

  app.addHook('onRequest', (request, _reply, done) => {
    const parent = contextOf(request)
    const span = trace.getTracer('frontdesk').startSpan(`${request.method} ${routeOf(request)}`, { kind: SpanKind.SERVER }, parent)
    spans.set(request, span)
    // fastify keeps this context over the reading of the body, up to the handler.
    context.with(trace.setSpan(parent, span), done)
  })

  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode
    seconds.observe({ route: routeOf(request), method: request.method, status }, reply.elapsedTime / 1_000)
    endSpan(spans.get(request), request, status)
    done()
  })

  return (request) => {
    const spanContext = spans.get(request)?.spanContext()
    return spanContext && isSpanContextValid(spanContext) ? spanContext.traceId : undefined
  }
}

/** The caller's trace if one is sent, a new one if not: never the one that happens to be active where the server was made. */
function contextOf(request: FastifyRequest) {
  const { traceparent, tracestate } = request.headers
  if (typeof traceparent !== 'string') return ROOT_CONTEXT
  return extractTrace({ traceparent, ...(typeof tracestate === 'string' && { tracestate }) })
}

/** The pattern, not the path: paths are without number, and hold ids. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? '(none)'
}

function endSpan(span: Span | undefined, request: FastifyRequest, status: number): void {
  if (!span) return
  if (span.isRecording()) {
    span.setAttributes({ 'http.request.method': request.method, 'http.route': routeOf(request), 'http.response.status_code': status })
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}
