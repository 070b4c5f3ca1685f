import { loadConfig, runService } from '@frontdesk/service'
import { configSchema } from './config.ts'
import { migrateBooking, startBooking } from './service.ts'

await runService({
  name: 'booking',
  loadConfig: (env) => loadConfig(configSchema, env),
  start: startBooking,
  migrate: migrateBooking,
})
