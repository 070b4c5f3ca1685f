import { ExportResultCode } from '@opentelemetry/core'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

/** An OTLP/HTTP exporter that is loaded with its first spans, so that it costs the start nothing. */
export function lazyOtlpExporter(endpoint: string, timeoutMs: number): SpanExporter {
  let loading: Promise<SpanExporter> | undefined
  const load = () => (loading ??= loadExporter(endpoint, timeoutMs))
  return {
    export(spans, done) {
      load().then(
        (exporter) => exporter.export(spans, done),
        (error: Error) => done({ code: ExportResultCode.FAILED, error }),
      )
    },
    async forceFlush() {
      await (await loading)?.forceFlush?.()
    },
    async shutdown() {
      await (await loading)?.shutdown()
    },
  }
}

async function loadExporter(endpoint: string, timeoutMs: number): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  const base = endpoint.replace(/\/+$/, '')
  return new OTLPTraceExporter({ url: base.endsWith('/v1/traces') ? base : `${base}/v1/traces`, timeoutMillis: timeoutMs })
}
