import { loadConfig, runService } from '@frontdesk/service'
import { configSchema } from './config.ts'
import { migrateWebhookIngress, startWebhookIngress } from './service.ts'

await runService({
  name: 'webhook-ingress',
  loadConfig: (env) => loadConfig(configSchema, env),
  start: startWebhookIngress,
  migrate: migrateWebhookIngress,
})
