import { connect, headers as natsHeaders } from '@nats-io/transport-node'
import { applyStreams, connectBus } from '@frontdesk/bus'
import {
  BillingServiceDefinition,
  type BillingServiceImplementation,
  BookingServiceDefinition,
  type CheckEntitlementRequest,
  type CheckEntitlementResponse,
  newId,
  OperationsServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { CompanyEvent } from '@frontdesk/outbox/testing'
import { callerOf, createRpcClient, createRpcServer, requireCompany, type TokenSource } from '@frontdesk/rpc'
import { createTestAuthority, type TestAuthority } from '@frontdesk/rpc/testing'
import { loadConfig } from '@frontdesk/service'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, eventually, startNats } from '@frontdesk/testing'
import { configSchema } from '../src/config.ts'
import { migrateBooking, startBooking } from '../src/service.ts'

export const newCompany = () => vouchForCompanyId(newId('cmp'))
export const occurredAt = new Date('2026-05-01T09:00:00Z')
export const minutesLater = (minutes: number) => new Date(occurredAt.getTime() + minutes * 60_000)

/** Booking with its own broker and database, and an operator's clients. */
export async function startHarness() {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const authority = starting.use(await createTestAuthority())
  const nats = starting.use(await startNats())
  const database = starting.use(await createTestDatabase())
  const billing = starting.use(await startBilling(authority))
  const config = loadConfig(configSchema, {
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    RPC_HOST: '127.0.0.1',
    RPC_PORT: '0',
    MYSQL_URL: database.url,
    NATS_URL: nats.url,
    JWKS_FILE: authority.jwksFile,
    BILLING_ADDRESS: billing.address,
    IDENTITY_ADDRESS: '127.0.0.1:1',
    CREDENTIAL_FILE: '/dev/null',
    LOG_LEVEL: 'silent',
  })
  await migrateBooking(config)
  const bus = starting.use(connectBus({ servers: nats.url, name: 'test', telemetry }))
  await bus.connected()
  await applyStreams(bus)
  const service = starting.use(await startBooking(config, { tokens: authority.issuer('booking') }))

  const opened = starting.use(new AsyncDisposableStack())
  const clients = (issuer: TokenSource = authority.issuer('operator')) => {
    const client = { address: `127.0.0.1:${service.rpcPort}`, audience: 'booking', issuer, telemetry }
    return {
      booking: opened.use(createRpcClient(BookingServiceDefinition, client)),
      operations: opened.use(createRpcClient(OperationsServiceDefinition, client)),
    }
  }
  const first = clients()
  let handled = 0n
  const owned = starting.move()
  return {
    ...first,
    clients,
    authority,
    bus,
    billing,
    service,
    mysqlUrl: database.url,
    /** One more process on the same database; it ends with the harness. */
    async startReplica() {
      const replica = opened.use(await startBooking(config, { tokens: authority.issuer('booking') }))
      const issuer = authority.issuer('operator')
      return opened.use(
        createRpcClient(BookingServiceDefinition, { address: `127.0.0.1:${replica.rpcPort}`, audience: 'booking', issuer, telemetry }),
      )
    },
    /** Publishes them as the resolver would, and waits until booking has taken each. */
    async publish(...events: readonly CompanyEvent[]): Promise<void> {
      const outcomes = await bus.publish(events)
      if (!outcomes.every(({ ok }) => ok)) throw new Error(JSON.stringify(outcomes))
      handled += BigInt(events.length)
      await eventually(async () => {
        const { counts } = await first.operations.getConservation({})
        if ((counts.handled ?? 0n) + (counts.dead ?? 0n) !== handled)
          throw new Error(`handled ${counts.handled}, dead ${counts.dead}, not ${handled}`)
      })
    },
    /** Publishes what is no event of ours. */
    async publishRaw(subject: string, body: Uint8Array, headers: Record<string, string>): Promise<void> {
      const connection = await connect({ servers: nats.url })
      const raw = natsHeaders()
      for (const [name, value] of Object.entries(headers)) raw.set(name, value)
      connection.publish(subject, body, { headers: raw })
      await connection.drain()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Billing's one method that booking calls, over real gRPC; it lets everyone in until the test says otherwise. */
async function startBilling(authority: TestAuthority) {
  const allow: Check = () => Promise.resolve({ allowed: true, reason: 'ENTITLEMENT_REASON_UNSPECIFIED' })
  const asked: { caller: string; companies: unknown; request: CheckEntitlementRequest }[] = []
  let check = allow
  const notHere = () => Promise.reject(new FrontdeskError('internal', { publicMessage: 'booking never calls this' }))
  const implementation: BillingServiceImplementation = {
    createPlan: notHere,
    listPlans: notHere,
    openAccount: notHere,
    getAccount: notHere,
    previewInvoice: notHere,
    listUsage: notHere,
    listInvoices: notHere,
    checkEntitlement: async (request, context) => {
      requireCompany(context, request.companyId)
      const { caller, companies } = callerOf(context)
      asked.push({ caller, companies: companies === 'all' ? companies : [...companies], request })
      return check(request)
    },
  }
  const server = createRpcServer({ telemetry: createTestTelemetry(), verifier: authority.verifier('billing'), drainMs: 100 })
  server.add(BillingServiceDefinition, implementation)
  const port = await server.listen('127.0.0.1:0')
  return {
    address: `127.0.0.1:${port}`,
    asked,
    answer: (next: Check = allow) => void (check = next),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

type Check = (request: CheckEntitlementRequest) => Promise<CheckEntitlementResponse>

export type Harness = Awaited<ReturnType<typeof startHarness>>

/** A booking's payload, with its change at the given minute and its time an hour after. */
export function bookingPayload(uid: string, minute: number, overrides: object = {}): object {
  return {
    source: { occurredAt: minutesLater(minute), receivedAt: minutesLater(minute) },
    booking: {
      uid,
      title: 'Cut',
      startsAt: minutesLater(minute + 60),
      endsAt: minutesLater(minute + 90),
      attendees: [{ name: 'Ada', email: 'ada@example.com' }],
      ...overrides,
    },
  }
}
