import { connect } from '@nats-io/transport-node'
import { applyStreams, connectBus, encodeEnvelope } from '@frontdesk/bus'
import {
  BillingServiceDefinition,
  type CompanyId,
  deriveEventId,
  encodePayload,
  ingressSubject,
  MeterFailed,
  newId,
  OperationsServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { companyEvent, type CompanyEvent } from '@frontdesk/outbox/testing'
import { createRpcClient, type TokenSource } from '@frontdesk/rpc'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { loadConfig } from '@frontdesk/service'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, eventually, startNats } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { configSchema } from '../src/config.ts'
import { type BillingOverrides, migrateBilling, startBilling } from '../src/service.ts'

export const newCompany = () => vouchForCompanyId(newId('cmp'))

export interface HarnessOptions extends BillingOverrides {
  /** Where Stripe is, and its key. */
  readonly stripe?: { readonly url: string; readonly apiKey: string }
  /** Of services that work on one database. */
  readonly replicas?: number
  readonly env?: Record<string, string>
}

/** Billing with its own broker and database, and an operator's clients. */
export async function startHarness({ stripe, replicas = 1, env, ...overrides }: HarnessOptions = {}) {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const authority = starting.use(await createTestAuthority())
  const nats = starting.use(await startNats())
  const database = starting.use(await createTestDatabase())
  const environment = {
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    RPC_HOST: '127.0.0.1',
    RPC_PORT: '0',
    MYSQL_URL: database.url,
    NATS_URL: nats.url,
    JWKS_FILE: authority.jwksFile,
    LOG_LEVEL: 'silent',
    STRIPE_API_KEY: stripe?.apiKey ?? 'sk_test',
    STRIPE_BASE_URL: stripe?.url ?? 'http://127.0.0.1:1',
    ...env,
  }
  const config = loadConfig(configSchema, environment)
  await migrateBilling(config)
  const bus = starting.use(connectBus({ servers: nats.url, name: 'test', telemetry }))
  await bus.connected()
  await applyStreams(bus)
  const services = await Promise.all(Array.from({ length: replicas }, () => startBilling(config, { pollMs: 50, ...overrides })))
  for (const service of services) starting.use(service)
  const [service] = services

  const opened = starting.use(new AsyncDisposableStack())
  const clients = (issuer: TokenSource = authority.issuer('operator'), port = service?.rpcPort ?? 0) => {
    const client = { address: `127.0.0.1:${port}`, audience: 'billing', issuer, telemetry, deadlineMs: 20_000 }
    return {
      billing: opened.use(createRpcClient(BillingServiceDefinition, client)),
      operations: opened.use(createRpcClient(OperationsServiceDefinition, client)),
    }
  }
  const first = clients()
  const published = new Set<string>()
  const connection = await connect({ servers: nats.url })
  starting.defer(() => connection.close())

  /** As the resolver would, but past the broker's own deduplication: every copy is delivered. */
  async function publish(...events: readonly CompanyEvent[]): Promise<void> {
    for (const { envelope, subject, body } of events) {
      connection.publish(subject, body, { headers: encodeEnvelope(envelope) })
      published.add(`${envelope.id}.${envelope.revision}`)
    }
    await connection.flush()
  }

  const owned = starting.move()
  return {
    ...first,
    clients,
    authority,
    bus,
    environment,
    services,
    mysqlUrl: database.url,
    publish,
    /** Until billing has taken each event that was published, once. */
    async handled(timeoutMs = 20_000): Promise<void> {
      await eventually(
        async () => {
          const { counts } = await first.operations.getConservation({})
          const taken = (counts['handled'] ?? 0n) + (counts['dead'] ?? 0n)
          if (taken !== BigInt(published.size)) throw new Error(`${taken} of ${published.size} are handled`)
        },
        { timeoutMs },
      )
    },
    async query(sql: string, params: readonly string[] = []): Promise<RowDataPacket[]> {
      const connection = await createConnection(database.url)
      try {
        return (await connection.query<RowDataPacket[]>(sql, [...params]))[0]
      } finally {
        await connection.end()
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Harness = Awaited<ReturnType<typeof startHarness>>

const at = new Date('2026-05-01T09:00:00Z')

/** A call that ended after so many seconds. */
export function callEnded(companyId: CompanyId, callId: string, seconds: number, options: { revision?: number; endedAt?: Date } = {}) {
  const { revision = 1, endedAt = at } = options
  const payload = { source: { receivedAt: endedAt }, call: { callId }, endedAt, ...(seconds > 0 && { durationMs: seconds * 1_000 }) }
  return companyEvent(companyId, 'frontdesk.call.ended.v1', callId, payload, { revision, time: at })
}

export function messageSent(companyId: CompanyId, messageId: string, sentAt: Date = at) {
  return companyEvent(companyId, 'frontdesk.message.sent.v1', messageId, { messageId, sentAt }, { time: sentAt })
}

/** That a meter could not count something, as the ingress tells it: of no company. */
export function meterFailed(providerEventId: string, payload: object = {}, revision = 1): CompanyEvent {
  const type = 'frontdesk.meter.failed.v1'
  const id = deriveEventId(['test', type, providerEventId, JSON.stringify(payload)])
  return {
    envelope: { id, revision, type, source: 'frontdesk/webhook-ingress', subject: 'mtr_1', time: at, correlationId: id },
    subject: ingressSubject('stripe', type),
    body: encodePayload(type, MeterFailed.fromJSON({ providerEventId, meterId: 'mtr_1', ...payload })),
  }
}

export const salonPlan = {
  name: 'Salon',
  baseFee: { amountMinor: 4_900n, currency: 'EUR' },
  includedMinutes: 10n,
  pricePerFurtherMinute: { amountMinor: 15n, currency: 'EUR' },
  pricePerMessage: { amountMinor: 3n, currency: 'EUR' },
  providerPriceId: 'price_salon',
}

/** Every item of a list, however many pages it has. */
export async function allPages<Item>(page: (pageToken: string) => Promise<{ items: Item[]; nextPageToken: string }>): Promise<Item[]> {
  const all: Item[] = []
  let token = ''
  do {
    const { items, nextPageToken } = await page(token)
    all.push(...items)
    token = nextPageToken
  } while (token !== '')
  return all
}
