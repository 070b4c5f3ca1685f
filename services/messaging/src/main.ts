import { loadConfig, runService } from '@frontdesk/service'
import { configSchema } from './config.ts'
import { migrateMessaging, startMessaging } from './service.ts'

await runService({
  name: 'messaging',
  loadConfig: (env) => loadConfig(configSchema, env),
  start: startMessaging,
  migrate: migrateMessaging,
})
