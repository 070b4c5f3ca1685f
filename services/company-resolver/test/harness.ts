import { randomBytes } from 'node:crypto'
import { applyStreams, type Bus, connectBus, decodeEnvelope, type EventEnvelope } from '@frontdesk/bus'
import {
  AttributionServiceDefinition,
  AuditServiceDefinition,
  BranchServiceDefinition,
  deriveEventId,
  DirectoryServiceDefinition,
  EventSource,
  type EventType,
  ingressSubject,
  ModelServiceDefinition,
  OperationsServiceDefinition,
  VaultServiceDefinition,
} from '@frontdesk/contracts'
import { createRpcClient, type TokenSource } from '@frontdesk/rpc'
import { createTestAuthority, type TestAuthority } from '@frontdesk/rpc/testing'
import { loadConfig } from '@frontdesk/service'
import type { Telemetry } from '@frontdesk/telemetry'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, startNats } from '@frontdesk/testing'
import { type Config, configSchema } from '../src/config.ts'
import { migrateCompanyResolver, startCompanyResolver } from '../src/service.ts'

export type Stored = { readonly subject: string; readonly envelope: EventEnvelope; readonly body: string }

/** The configuration of a resolver on a database of its own. */
export function testConfig(options: { mysqlUrl: string; natsUrl: string; jwksFile: string }): Config {
  return loadConfig(configSchema, {
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    RPC_HOST: '127.0.0.1',
    RPC_PORT: '0',
    MYSQL_URL: options.mysqlUrl,
    NATS_URL: options.natsUrl,
    JWKS_FILE: options.jwksFile,
    VAULT_KEYS: `test:${randomBytes(32).toString('base64')}`,
    LOG_LEVEL: 'silent',
  })
}

/** Clients of every service of the resolver at that port. */
export function clientsOf(rpcPort: number, issuer: TokenSource, telemetry: Telemetry) {
  const options = { address: `127.0.0.1:${rpcPort}`, issuer, audience: 'company-resolver', companies: 'all', telemetry } as const
  return {
    directory: createRpcClient(DirectoryServiceDefinition, options),
    branches: createRpcClient(BranchServiceDefinition, options),
    audit: createRpcClient(AuditServiceDefinition, options),
    attribution: createRpcClient(AttributionServiceDefinition, options),
    models: createRpcClient(ModelServiceDefinition, options),
    operations: createRpcClient(OperationsServiceDefinition, options),
    vault: createRpcClient(VaultServiceDefinition, options),
  }
}

/** A whole resolver with its own broker and database, and clients of an operator. */
export async function startHarness() {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const authority: TestAuthority = starting.use(await createTestAuthority())
  const nats = starting.use(await startNats())
  const database = starting.use(await createTestDatabase())
  const config = testConfig({ mysqlUrl: database.url, natsUrl: nats.url, jwksFile: authority.jwksFile })
  await migrateCompanyResolver(config)
  const bus = starting.use(connectBus({ servers: nats.url, name: 'test', telemetry }))
  await bus.connected()
  await applyStreams(bus)
  const service = starting.use(await startCompanyResolver(config))
  const clients = clientsOf(service.rpcPort, authority.issuer('cli'), telemetry)
  for (const client of Object.values(clients)) starting.use(client)
  const opened = starting.use(new AsyncDisposableStack())
  /** Clients of another caller; they end with the harness. */
  function clientsWith(issuer: TokenSource) {
    const others = clientsOf(service.rpcPort, issuer, telemetry)
    for (const client of Object.values(others)) opened.use(client)
    return others
  }
  const owned = starting.move()
  return { telemetry, authority, bus, config, service, ...clients, clientsWith, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What the ingress would publish: a payload with this source, to the ingress subject of its type. */
export function ingressEvent(options: {
  key: string
  type?: EventType
  source: Partial<EventSource>
  payload?: Record<string, unknown>
  revision?: number
}): { envelope: EventEnvelope; subject: string; body: Uint8Array } {
  const { key, type = 'frontdesk.call.ended.v1', payload = {}, revision = 1 } = options
  const now = new Date()
  const source: EventSource = {
    deliveryId: `dlv_${key}`,
    provider: 'retell',
    connectionId: '',
    providerEventType: 'call_ended',
    entityType: 'call',
    entityId: `call_${key}`,
    entityStartedAt: now,
    occurredAt: now,
    receivedAt: now,
    evidence: [],
    ...options.source,
  }
  const body = Buffer.from(JSON.stringify({ ...payload, source: EventSource.toJSON(source) }))
  const id = deriveEventId(['test', key])
  const envelope: EventEnvelope = {
    id,
    revision,
    type,
    source: 'frontdesk/webhook-ingress',
    subject: source.entityId,
    time: now,
    correlationId: id,
  }
  return { envelope, subject: ingressSubject(source.provider, type), body }
}

/** Everything that a stream holds. */
export async function storedIn(bus: Bus, stream: 'COMPANY' | 'QUARANTINE'): Promise<Stored[]> {
  const manager = await bus.manager()
  const { state } = await manager.streams.info(stream)
  const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index)
  const messages = await Promise.all(sequences.map((seq) => manager.streams.getMessage(stream, { seq })))
  return messages.flatMap((message) =>
    message ? [{ subject: message.subject, envelope: decodeEnvelope(message.header), body: message.string() }] : [],
  )
}
