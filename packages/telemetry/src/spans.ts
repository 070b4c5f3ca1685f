import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Attributes, Context, Link, Span, SpanKind } from '@opentelemetry/api'

/** How a span starts. */
export interface SpanOptions {
  /** Where it hangs; the active context when left out. */
  parent?: Context
  kind?: SpanKind
  attributes?: Attributes
  links?: Link[]
}

/** Runs the work inside a span of its own, which ends with the work; a failure is recorded on it and thrown on. */
export function withSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { parent = context.active(), ...startOptions } = options
  // Asked for each time: a cached tracer would outlive the provider that made it.
  const span = trace.getTracer('frontdesk').startSpan(name, startOptions, parent)
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await work(span)
    } catch (error) {
      recordFailure(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** Only what names the failure: messages may hold customers' data, and the log has them under the same trace. */
function recordFailure(span: Span, error: unknown): void {
  if (!span.isRecording()) return
  const name = error instanceof Error ? error.name : typeof error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  span.recordException({ name, ...(code !== undefined && { code }) })
  span.setStatus({ code: SpanStatusCode.ERROR, message: code ?? name })
}
