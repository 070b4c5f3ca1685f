import { createTelemetry, type Telemetry } from '@frontdesk/telemetry'
import { type AdminServer, startAdmin } from './admin.ts'

/** Logger, metrics and traces of a service as its common settings ask for them. */
export function startTelemetry(
  service: string,
  settings: { readonly LOG_LEVEL: string; readonly TRACE_SAMPLE_RATIO: number; readonly OTLP_ENDPOINT?: string | undefined },
): Telemetry {
  return createTelemetry({
    service,
    logLevel: settings.LOG_LEVEL,
    sampleRatio: settings.TRACE_SAMPLE_RATIO,
    ...(settings.OTLP_ENDPOINT !== undefined && { otlpEndpoint: settings.OTLP_ENDPOINT }),
  })
}

/** The admin server of a service that is ready while its database answers; of the broker it only tells, since callers do not wait for it. */
export function startServiceAdmin(
  settings: { readonly ADMIN_HOST: string; readonly ADMIN_PORT: number },
  telemetry: Telemetry,
  { database, bus }: { readonly database: { ping(): Promise<unknown> }; readonly bus: { status(): string } },
): Promise<AdminServer> {
  return startAdmin({
    host: settings.ADMIN_HOST,
    port: settings.ADMIN_PORT,
    telemetry,
    ready: async () => {
      await database.ping()
      return { ready: true, checks: { mysql: 'ok', nats: bus.status() } }
    },
  })
}
