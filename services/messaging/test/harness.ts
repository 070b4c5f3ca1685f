import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { applyStreams, connectBus } from '@frontdesk/bus'
import {
  type Appointment,
  type CompanyId,
  MessagingServiceDefinition,
  newId,
  OperationsServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import type { CompanyEvent } from '@frontdesk/outbox/testing'
import { createRpcClient, type TokenSource } from '@frontdesk/rpc'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { loadConfig } from '@frontdesk/service'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, eventually, startNats } from '@frontdesk/testing'
import { configSchema } from '../src/config.ts'
import { type MessagingProcess, migrateMessaging, startMessaging } from '../src/service.ts'
import { startOthers } from './other-services.ts'

export const newCompany = () => vouchForCompanyId(newId('cmp'))
const day = 24 * 60 * 60_000

/** Messaging's surroundings: broker, database, and the services that it asks. */
export async function startSurroundings(whatsappUrl: string, accessToken = 'token-of-the-platform') {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const authority = starting.use(await createTestAuthority())
  const nats = starting.use(await startNats())
  const database = starting.use(await createTestDatabase())
  const others = await startOthers(authority, starting)
  const credentialFile = join(dirname(authority.jwksFile), 'credential')
  await writeFile(credentialFile, 'a credential')
  const env = {
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    RPC_HOST: '127.0.0.1',
    RPC_PORT: '0',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    MYSQL_URL: database.url,
    NATS_URL: nats.url,
    JWKS_FILE: authority.jwksFile,
    IDENTITY_ADDRESS: others.addresses.identity,
    CREDENTIAL_FILE: credentialFile,
    BOOKING_ADDRESS: others.addresses.booking,
    BILLING_ADDRESS: others.addresses.billing,
    DIRECTORY_ADDRESS: others.addresses.directory,
    WHATSAPP_BASE_URL: whatsappUrl,
    WHATSAPP_ACCESS_TOKEN: accessToken,
    SENDS_PER_SECOND: '80',
    LOG_LEVEL: 'silent',
  }
  await migrateMessaging(loadConfig(configSchema, env))
  const bus = starting.use(connectBus({ servers: nats.url, name: 'test', telemetry }))
  await bus.connected()
  await applyStreams(bus)
  const opened = starting.use(new AsyncDisposableStack())
  const owned = starting.move()
  return {
    telemetry,
    authority,
    bus,
    others,
    env,
    mysqlUrl: database.url,
    clientsAt(port: number, issuer: TokenSource = authority.issuer('operator')) {
      const client = { address: `127.0.0.1:${port}`, audience: 'messaging', issuer, telemetry }
      return {
        messaging: opened.use(createRpcClient(MessagingServiceDefinition, { ...client, retryMethods: ['getMessage', 'listMessages'] })),
        operations: opened.use(createRpcClient(OperationsServiceDefinition, client)),
      }
    },
    /** An appointment of a customer with a number, tomorrow. */
    anAppointment(companyId: CompanyId, phoneNumber = aPhoneNumber(), overrides: Partial<Appointment> = {}): string {
      const [appointmentId, customerId] = [newId('apt'), newId('cust')]
      others.companies.set(companyId, { companyId, name: 'Salon Nord', timeZone: 'Europe/Berlin' })
      others.customers.set(customerId, { customerId, companyId, name: 'Ada', phoneNumber })
      const startsAt = new Date(Date.now() + day)
      others.appointments.set(appointmentId, {
        appointmentId,
        companyId,
        customerId,
        title: 'Cut',
        status: 'APPOINTMENT_STATUS_CONFIRMED',
        startsAt,
        ...overrides,
      })
      return appointmentId
    },
    async publish(...events: readonly CompanyEvent[]): Promise<void> {
      const outcomes = await bus.publish(events)
      if (!outcomes.every(({ ok }) => ok)) throw new Error(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.detail)).join(', '))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Surroundings = Awaited<ReturnType<typeof startSurroundings>>

/** Messaging in this process, with its surroundings and an operator's clients. */
export async function startHarness(whatsappUrl: string, accessToken?: string) {
  await using starting = new AsyncDisposableStack()
  const around = starting.use(await startSurroundings(whatsappUrl, accessToken))
  let aheadMs = 0
  const now = () => new Date(Date.now() + aheadMs)
  const overrides = { now, tokens: around.authority.issuer('messaging'), pollMs: 50, callTimeoutMs: 500 }
  const service: MessagingProcess = starting.use(await startMessaging(loadConfig(configSchema, around.env), overrides))
  const { messaging, operations } = around.clientsAt(service.rpcPort)
  let handled = 0n
  const owned = starting.move()
  return {
    ...around,
    messaging,
    operations,
    service,
    clients: (issuer: TokenSource) => around.clientsAt(service.rpcPort, issuer),
    /** The service's clock goes ahead for good. */
    advance: (ms: number) => void (aheadMs += ms),
    /** Publishes them as the resolver would, and waits until messaging has taken each. */
    async publish(...events: readonly CompanyEvent[]): Promise<void> {
      await around.publish(...events)
      handled += BigInt(events.length)
      await eventually(async () => {
        const { counts } = await operations.getConservation({})
        const taken = (counts.handled ?? 0n) + (counts.dead ?? 0n)
        if (taken < handled) throw new Error(`handled ${counts.handled}, dead ${counts.dead}, not ${handled}`)
      })
    },
    async putSender(companyId: CompanyId, phoneNumberId: string, withTemplate = true): Promise<void> {
      const confirmationTemplate = withTemplate ? { name: 'confirmation', language: 'en_US' } : undefined
      await messaging.putSender({ companyId, phoneNumberId, businessAccountId: '102290129340398', confirmationTemplate })
    },
    /** The company's one message that matches, as soon as it has that status. */
    async messageOf(companyId: CompanyId, query: { appointmentId?: string; messageId?: string }, status: string) {
      return eventually(async () => {
        const found = query.messageId
          ? [(await messaging.getMessage({ companyId, messageId: query.messageId })).message]
          : (await messaging.listMessages({ companyId, ...query })).messages
        const [message] = found
        if (found.length !== 1 || message?.status !== `MESSAGE_STATUS_${status}`) {
          throw new Error(`${found.length} messages, the first ${message?.status}: ${message?.failureReason}`)
        }
        return message
      })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Harness = Awaited<ReturnType<typeof startHarness>>

let lastNumber = 0
/** A number that nobody else of the test has. */
export function aPhoneNumber(): string {
  lastNumber += 1
  return `+49301${String(lastNumber).padStart(7, '0')}`
}

/** The provider's id of a number that no other company has. */
export function aSenderNumber(): string {
  lastNumber += 1
  return `1065${String(lastNumber).padStart(9, '0')}`
}
