export { eventually } from './eventually.ts'
export { type MariadbOptions, type MariadbServer, startMariadb } from './mariadb.ts'
export { type NatsOptions, type NatsServer, startNats } from './nats.ts'
export { freePort } from './ports.ts'
export { type MonitoringServer, startAlertmanager, startPrometheus } from './prometheus.ts'
export {
  createSandboxControl,
  type SandboxControl,
  type SandboxFault,
  type SandboxRequest,
  type SandboxWebhook,
  type StripeObject,
  type WhatsappMessage,
} from './sandbox-control.ts'
export { type ProviderSandbox, type ProviderSandboxOptions, type SandboxSecrets, startProviderSandbox } from './provider-sandbox.ts'
export { createTestDatabase, type TestDatabase } from './test-database.ts'
