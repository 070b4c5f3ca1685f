import { loadConfig, runService } from '@frontdesk/service'
import { configSchema } from './config.ts'
import { migrateIdentity, startIdentity } from './service.ts'

await runService({
  name: 'identity',
  loadConfig: (env) => loadConfig(configSchema, env),
  start: startIdentity,
  migrate: migrateIdentity,
})
