import type { ReceivedEvent } from '@frontdesk/bus'
import { extractTrace, injectTrace } from '@frontdesk/telemetry'
import type { Context } from '@opentelemetry/api'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { NewEvent } from './events.ts'

const contexts = new WeakMap<ReceivedEvent, Context>()

/** The context of the event's own span while it is being handled, else the active one. */
export function contextOf(event: ReceivedEvent): Context {
  return contexts.get(event) ?? context.active()
}

/** Opens a span for each event, in the trace that its headers name; a batch shares a commit, not a trace. */
export function openSpans(handler: string, events: readonly ReceivedEvent[]): void {
  const tracer = trace.getTracer('frontdesk')
  for (const event of events) {
    const { envelope } = event
    const parent = extractTrace(envelope.trace ?? {})
    const attributes = {
      'messaging.system': 'nats',
      'messaging.operation.type': 'process',
      'messaging.destination.name': event.subject,
      'messaging.message.id': envelope.id,
      'frontdesk.handler': handler,
      'frontdesk.event.type': envelope.type,
      'frontdesk.event.delivery': event.deliveryCount,
    }
    const span = tracer.startSpan(`${handler} ${envelope.type}`, { kind: SpanKind.CONSUMER, attributes }, parent)
    contexts.set(event, trace.setSpan(parent, span))
  }
}

/** Ends the event's span; a failure is named by its code or its kind alone, since messages may hold customers' data. */
export function closeSpan(event: ReceivedEvent, outcome: string, failure?: string): void {
  const own = contexts.get(event)
  const span = own && trace.getSpan(own)
  if (!span) return
  contexts.delete(event)
  span.setAttribute('frontdesk.event.outcome', outcome)
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
  span.end()
}

/**
 * Puts each new event into the trace of the event that caused it, known by its causation or else its
 * correlation id; a batch handler answers for many traces at once.
 */
export function traceToCauses(produced: readonly NewEvent[], causes: readonly ReceivedEvent[]): NewEvent[] {
  const byId = new Map(causes.map((cause) => [cause.envelope.id as string, cause]))
  const byCorrelation = new Map(causes.map((cause) => [cause.envelope.correlationId, cause]))
  return produced.map((event) => {
    if (event.trace) return event
    const cause = byId.get(event.causationId?.split('.', 1)[0] ?? '') ?? byCorrelation.get(event.correlationId)
    return cause ? { ...event, trace: carrierOf(contextOf(cause)) } : event
  })
}

/** The W3C headers that lead to a context. */
export function carrierOf(from: Context): Record<string, string> {
  const carrier: Record<string, string> = {}
  injectTrace(carrier, from)
  return carrier
}
