import { isSpanContextValid, trace } from '@opentelemetry/api'
import { pino } from 'pino'
import { serializeError } from './error-serializer.ts'
import { redact } from './redaction.ts'

/** A structured logger: one JSON object a line, with `trace_id` and `span_id` inside a span. */
export type Logger = pino.Logger

/** What a slow reader of our log may leave in memory before lines are dropped. */
const bufferBytesMax = 16 * 1024 * 1024
/** PIPE_BUF: what a pipe takes as one. With each line the destination copies and counts what the write that it joins already holds, at 16 KB dearer than to make the line. */
const writeBytesMax = 4_096

/** A logger to stdout, or to the destination; `err` keeps codes and causes, secret-sounding members are redacted. */
export function createLogger(options: { service: string; level?: string; destination?: pino.DestinationStream }): Logger {
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: traceIds,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: (error: unknown) => serializeError(error), error: (error: unknown) => serializeError(error) },
    },
    options.destination ?? stdout(),
  )
  return redactBindings(logger)
}

/** pino puts a child's bindings past `formatters`. Children inherit the method, and so do theirs. */
function redactBindings(logger: Logger): Logger {
  // oxlint-disable-next-line typescript/unbound-method -- called with the child's own parent as `this`
  const child: (bindings: pino.Bindings, options?: pino.ChildLoggerOptions) => unknown = logger.child
  Object.assign(logger, {
    child(this: Logger, bindings: pino.Bindings, options?: pino.ChildLoggerOptions) {
      return child.call(this, redact(bindings), options)
    },
  })
  return logger
}

/**
 * Asynchronous, so that lines written while one is on its way travel together; pino flushes it at
 * exit. With a `minLength` of 0, `flush` would do nothing.
 */
function stdout(): pino.DestinationStream {
  return pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: bufferBytesMax, maxWrite: writeBytesMax })
}

function traceIds(): object {
  const context = trace.getActiveSpan()?.spanContext()
  if (!context || !isSpanContextValid(context)) return {}
  return { trace_id: context.traceId, span_id: context.spanId }
}
