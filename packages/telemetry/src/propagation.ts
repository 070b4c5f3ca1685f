import { context, defaultTextMapGetter, defaultTextMapSetter, isSpanContextValid, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'

/** Ours alone, so that ids travel whether or not a global propagator is set. */
const propagator = new W3CTraceContextPropagator()

/** Writes `traceparent`, and `tracestate` if there is one, of the active or the given context; writes nothing outside a trace. */
export function injectTrace(carrier: Record<string, string>, from: Context = context.active()): void {
  propagator.inject(from, carrier, defaultTextMapSetter)
}

/** The context that a carrier's `traceparent` names; an empty one when it has none or a malformed one. Keys are lower case. */
export function extractTrace(carrier: Record<string, string | undefined>): Context {
  return propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
}

/** The trace we are in, as 32 hex digits; undefined outside of one. */
export function activeTraceId(): string | undefined {
  const spanContext = trace.getActiveSpan()?.spanContext()
  return spanContext && isSpanContextValid(spanContext) ? spanContext.traceId : undefined
}
