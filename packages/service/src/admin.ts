import type { AddressInfo } from 'node:net'
import { createHttpServer } from '@frontdesk/http'
import type { Telemetry } from '@frontdesk/telemetry'

/** Whether the process can answer its callers, with a word on each thing that this hangs on: `{ mysql: 'ok' }`. */
export interface ReadinessReport {
  ready: boolean
  checks: Readonly<Record<string, string>>
}

/** How the admin server is set up. */
export interface AdminOptions {
  /** 0 for a free one. */
  port: number
  /** `0.0.0.0` when left out: probes and scrapes come from outside the pod. */
  host?: string
  telemetry: Telemetry
  /** Asked at each probe; one that throws or takes too long counts as not ready. */
  ready: () => Promise<ReadinessReport> | ReadinessReport
  /** 2,000 when left out. */
  readyTimeoutMs?: number
}

/** The listening admin server. */
export interface AdminServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
}

/** Less than a scrape gives each gauge: one that takes longer would be left out, and nobody would hear of it. */
const scrapePatienceMs = 800

/** Serves `/healthz`, `/readyz` and `/metrics`, apart from what the world can reach. */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const { telemetry, host = '0.0.0.0' } = options
  telemetry.metrics.gauge('ready', 'Whether the process can answer its callers (1) or not (0).', [], async (gauge) => {
    const { ready } = await readiness({ ...options, readyTimeoutMs: scrapePatienceMs })
    gauge.set(ready ? 1 : 0)
  })
  const app = createHttpServer({ telemetry, bodyLimitBytes: 1_024, maxConnections: 128, observed: false })

  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const report = await readiness(options)
    return reply.code(report.ready ? 200 : 503).send(report)
  })
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await telemetry.metrics.render()
    return reply.type(contentType).send(body)
  })

  await app.listen({ port: options.port, host })
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`,
    port,
    [Symbol.asyncDispose]: () => app.close(),
  }
}

async function readiness({ ready, telemetry, readyTimeoutMs = 2_000 }: AdminOptions): Promise<ReadinessReport> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`readiness took over ${readyTimeoutMs} ms`)), readyTimeoutMs)
  try {
    return await Promise.race([(async () => ready())(), late])
  } catch (error) {
    telemetry.logger.warn({ err: error }, 'readiness could not be told')
    return { ready: false, checks: { readiness: 'could not be told' } }
  } finally {
    clearTimeout(timer)
  }
}
