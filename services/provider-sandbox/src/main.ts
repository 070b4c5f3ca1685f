import { loadConfig, runService } from '@frontdesk/service'
import { configSchema } from './config.ts'
import { startProviderSandbox } from './service.ts'

await runService({
  name: 'provider-sandbox',
  loadConfig: (env) => loadConfig(configSchema, env),
  start: startProviderSandbox,
})
