import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import { lazyOtlpExporter } from './lazy-otlp-exporter.ts'
import type { Logger } from './logger.ts'

/** How spans are made and where they go. */
export interface TracingOptions {
  service: string
  /** Base URL of an OTLP/HTTP collector; without one, ids are made and passed on and nothing is recorded. */
  otlpEndpoint?: string
  /** Share of the traces begun here that are recorded, 0 to 1; a caller's decision goes before it. */
  sampleRatio: number
  /** Gets every span at its end, instead of a collector. */
  exporter?: SpanExporter
}

const exportTimeoutMs = 3_000

/** The providers alive in this process. The API knows only one at a time: the newest. */
const alive: TracerProvider[] = []

/** Makes this process trace until the result is disposed, which sends what is left within 3 s. */
export function startTracing(options: TracingOptions, logger: Logger): AsyncDisposable {
  installOnce()
  const processor = spanProcessor(options)
  if (options.otlpEndpoint !== undefined) logExportProblems(logger)
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ [ATTR_SERVICE_NAME]: options.service })),
    sampler: new ParentBasedSampler({
      root: processor ? new TraceIdRatioBasedSampler(options.sampleRatio) : new AlwaysOffSampler(),
    }),
    spanProcessors: processor ? [processor] : [],
  })
  alive.push(provider)
  activateNewest()
  return {
    async [Symbol.asyncDispose]() {
      const index = alive.indexOf(provider)
      if (index < 0) return
      alive.splice(index, 1)
      activateNewest()
      await provider.shutdown().catch((error: unknown) => logger.warn({ err: error }, 'the last spans could not be sent'))
    },
  }
}

let installed = false

/** Context and propagator serve every provider, for the life of the process. */
function installOnce(): void {
  if (installed) return
  installed = true
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
}

function spanProcessor(options: TracingOptions): SpanProcessor | undefined {
  if (options.exporter) return new SimpleSpanProcessor({ exporter: options.exporter })
  if (options.otlpEndpoint === undefined) return undefined
  return new BatchSpanProcessor({
    exporter: lazyOtlpExporter(options.otlpEndpoint, exportTimeoutMs),
    exportTimeoutMillis: exportTimeoutMs,
    scheduledDelayMillis: 2_000,
  })
}

function activateNewest(): void {
  trace.disable()
  const newest = alive.at(-1)
  if (newest) trace.setGlobalTracerProvider(newest)
}

function logExportProblems(logger: Logger): void {
  const log = (message: string) => logger.warn({ detail: message }, 'tracing has a problem')
  diag.setLogger(
    { error: log, warn: log, info: () => {}, debug: () => {}, verbose: () => {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}
