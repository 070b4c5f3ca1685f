import { loadConfig, runService } from '@frontdesk/service'
import { configSchema } from './config.ts'
import { migrateCompanyResolver, startCompanyResolver } from './service.ts'

await runService({
  name: 'company-resolver',
  loadConfig: (env) => loadConfig(configSchema, env),
  start: startCompanyResolver,
  migrate: migrateCompanyResolver,
})
