import { loadConfig, runService } from '@frontdesk/service'
import { configSchema } from './config.ts'
import { migrateBilling, startBilling } from './service.ts'

await runService({
  name: 'billing',
  loadConfig: (env) => loadConfig(configSchema, env),
  start: startBilling,
  migrate: migrateBilling,
})
