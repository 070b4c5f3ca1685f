import { InMemorySpanExporter } from '@opentelemetry/sdk-trace'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { createLogger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import type { Telemetry } from './telemetry.ts'
import { startTracing } from './tracing.ts'

/** Telemetry that stays in the test. */
export interface TestTelemetry extends Telemetry {
  /** Every log line so far, parsed, from level `debug` on. */
  readonly lines: Record<string, unknown>[]
  /** Every span that has ended while this was the newest telemetry of the process. */
  spans(): ReadableSpan[]
}

/** Silent telemetry that keeps its log lines and spans; every trace is recorded unless `sampleRatio` says how many. */
export function createTestTelemetry(options: { service?: string; sampleRatio?: number } = {}): TestTelemetry {
  const service = options.service ?? 'test'
  const lines: Record<string, unknown>[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }
  const logger = createLogger({ service, level: 'debug', destination })
  const exporter = new InMemorySpanExporter()
  const tracing = startTracing({ service, sampleRatio: options.sampleRatio ?? 1, exporter }, logger)
  return {
    service,
    logger,
    metrics: createMetrics(),
    lines,
    spans: () => exporter.getFinishedSpans(),
    [Symbol.asyncDispose]: () => tracing[Symbol.asyncDispose](),
  }
}
