import { createTelemetry, withSpan } from '@frontdesk/telemetry'
import { z } from 'zod'
import { loadConfig, port, runService, startAdmin } from '../src/index.ts'

const schema = z.object({ ADMIN_PORT: port(), OTLP_ENDPOINT: z.url() })

/** A service of telemetry and admin server alone, for what a bundle costs and can do. */
await runService({
  name: 'traced',
  loadConfig: (env) => loadConfig(schema, env),
  start: async (config) => {
    await using stack = new AsyncDisposableStack()
    const telemetry = stack.use(createTelemetry({ service: 'traced', otlpEndpoint: config.OTLP_ENDPOINT, sampleRatio: 1 }))
    const admin = stack.use(
      await startAdmin({ port: config.ADMIN_PORT, host: '127.0.0.1', telemetry, ready: () => ({ ready: true, checks: {} }) }),
    )
    await withSpan('starting up', {}, async () => {
      const { user, system } = process.cpuUsage()
      telemetry.logger.info({ adminUrl: admin.url, cpuMs: (user + system) / 1_000, rssMb: process.memoryUsage.rss() / 1e6 }, 'serving')
    })
    return stack.move()
  },
})
