import { fstatSync } from 'node:fs'
import { isSpanContextValid, trace } from '@opentelemetry/api'
import { pino } from 'pino'
import { serializeError } from './error-serializer.ts'
import { redact } from './redaction.ts'

/** A structured logger: one JSON object a line, with `trace_id` and `span_id` inside a span. */
export type Logger = pino.Logger

/** What a slow reader of our log may leave in memory before lines are dropped. */
const bufferBytesMax = 16 * 1024 * 1024
/** How long a line waits for others to share its write with, unless they are so many bytes by then. */
const gatherMs = 20
const gatherBytes = 64 * 1024
/** POSIX's PIPE_BUF on Linux: so much of one write no other can get into the midst of, such as stderr's, or what is flushed at exit. */
const pipeBytes = 4_096

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
 * Asynchronous, and lines share a write: the system's call, and the thread that waits for it, cost more than to make one. pino flushes
 * it at exit. With a `minLength` of 0, `flush` would do nothing.
 */
function stdout(): pino.DestinationStream {
  const bytesMax = fstatSync(1).isFile() ? gatherBytes : pipeBytes
  const stream = pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: bufferBytesMax, maxWrite: bytesMax })
  const own = { write: stream.write.bind(stream), flush: stream.flush.bind(stream), flushSync: stream.flushSync.bind(stream) }
  let lines: string[] = []
  let bytes = 0
  let timer: NodeJS.Timeout | undefined

  function pass(): void {
    clearTimeout(timer)
    timer = undefined
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    bytes = 0
    own.write(text)
  }

  return Object.assign(stream, {
    // The stream itself would join them, too, but measures all that it has with each.
    write(line: string) {
      const lineBytes = Buffer.byteLength(line)
      if (bytes + lineBytes > bytesMax) pass()
      lines.push(line)
      bytes += lineBytes
      timer ??= setTimeout(pass, gatherMs)
      return true
    },
    flush(done?: (error?: Error) => unknown) {
      pass()
      own.flush(done)
    },
    flushSync() {
      pass()
      own.flushSync()
    },
  })
}

function traceIds(): object {
  const context = trace.getActiveSpan()?.spanContext()
  if (!context || !isSpanContextValid(context)) return {}
  return { trace_id: context.traceId, span_id: context.spanId }
}
