export { eventually } from './eventually.ts'
export { type MariadbOptions, type MariadbServer, startMariadb } from './mariadb.ts'
export { type NatsOptions, type NatsServer, startNats } from './nats.ts'
export { freePort } from './ports.ts'
export { type MonitoringServer, startAlertmanager, startPrometheus } from './prometheus.ts'
export type {
  CalcomBooking,
  SandboxControl,
  SandboxFault,
  SandboxRequest,
  SandboxWebhook,
  StripeObject,
  WhatsappMessage,
} from './sandbox-control.ts'
export { type ProviderSandbox, type ProviderSandboxOptions, type SandboxSecrets, startProviderSandbox } from './provider-sandbox.ts'
export { createTestDatabase, type TestDatabase } from './test-database.ts'
