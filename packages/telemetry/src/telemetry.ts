import type { pino } from 'pino'
import { createLogger } from './logger.ts'
import type { Logger } from './logger.ts'
import { createMetrics } from './metrics.ts'
import type { Metrics } from './metrics.ts'
import { startTracing } from './tracing.ts'

/** What every part of a process reports through. Disposing sends the last spans and flushes the log. */
export interface Telemetry extends AsyncDisposable {
  readonly service: string
  readonly logger: Logger
  readonly metrics: Metrics
}

/** How a process reports. */
export interface TelemetryOptions {
  service: string
  /** A pino level; `info` when left out. */
  logLevel?: string
  /** Base URL of an OTLP/HTTP collector; without one, trace ids are still made and passed on. */
  otlpEndpoint?: string
  /** Share of the traces begun here that are recorded, 0 to 1 (0.1 when left out). */
  sampleRatio?: number
  /** Where log lines go instead of stdout. */
  destination?: pino.DestinationStream
}

/** Logger, metrics and traces of one process, from its options alone. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { service, destination, otlpEndpoint } = options
  const logger = createLogger({
    service,
    ...(options.logLevel !== undefined && { level: options.logLevel }),
    ...(destination && { destination }),
  })
  const metrics = createMetrics({ processMetrics: true })
  const tracing = startTracing(
    { service, sampleRatio: options.sampleRatio ?? 0.1, ...(otlpEndpoint !== undefined && { otlpEndpoint }) },
    logger,
  )
  return {
    service,
    logger,
    metrics,
    async [Symbol.asyncDispose]() {
      await tracing[Symbol.asyncDispose]()
      await flush(logger)
    },
  }
}

function flush(logger: Logger): Promise<void> {
  return new Promise((resolve) => logger.flush(() => resolve()))
}
