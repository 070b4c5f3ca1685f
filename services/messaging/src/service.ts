import { connectBus, watchTopology } from '@frontdesk/bus'
import {
  BillingServiceDefinition,
  BookingServiceDefinition,
  DirectoryServiceDefinition,
  messagingEventTypes,
  MessagingServiceDefinition,
  newId,
  OperationsServiceDefinition,
} from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { consumeDurables, createEventHandler, createOperations, createOutbox, keepRoomForMarks, skipRevisions } from '@frontdesk/outbox'
import {
  createIdentityTokens,
  createRpcClient,
  createRpcServer,
  createTokenVerifier,
  forAllCompanies,
  type TokenSource,
} from '@frontdesk/rpc'
import { startServiceAdmin, startTelemetry } from '@frontdesk/service'
import { createTelemetry, type Telemetry } from '@frontdesk/telemetry'
import { deliverMessage } from './app/deliver-message.ts'
import { createMessaging } from './app/messaging.ts'
import { createEntitlements } from './clients/billing.ts'
import { createAppointments } from './clients/booking.ts'
import { createCompanies } from './clients/directory.ts'
import { createWhatsApp } from './clients/whatsapp.ts'
import type { Config } from './config.ts'
import { createConversationReader } from './db/conversation-reader.ts'
import { createMailbox } from './db/mailbox.ts'
import { measureQueue } from './db/measure-queue.ts'
import { createMessageReader } from './db/message-reader.ts'
import { createOutgoing } from './db/outgoing.ts'
import * as schema from './db/schema/index.ts'
import { createSendQueue } from './db/send-queue.ts'
import { createSenderStore } from './db/sender-store.ts'
import { messageSent } from './events/message-sent.ts'
import { onCompanyEvents } from './events/on-company-event.ts'
import { serveMcp } from './mcp/serve.ts'
import { createMessagingService } from './rpc/messaging-service.ts'
import { type Sender, startSender } from './sending/sender.ts'
import { createTurns } from './sending/turns.ts'

const name = 'messaging'
const leaseMs = 30_000
const concurrency = 16

/** A running messaging service: where it listens. Disposing it lets the calls under way finish and flushes the outbox. */
export interface MessagingProcess extends AsyncDisposable {
  readonly adminUrl: string
  readonly rpcPort: number
  readonly mcpUrl: string
}

/** What a test can put in place of the real thing. */
export interface MessagingOverrides {
  readonly now?: () => Date
  readonly tokens?: TokenSource
  readonly pollMs?: number
  readonly callTimeoutMs?: number
}

/** Brings the database to the current schema; safe to run from several replicas at once. */
export async function migrateMessaging(config: Config): Promise<void> {
  await using telemetry = createTelemetry({ service: name, logLevel: config.LOG_LEVEL })
  const url = config.MYSQL_URL.reveal()
  await migrate(url, config.MIGRATIONS_DIR, telemetry)
  await keepRoomForMarks(url, telemetry)
}

/** Starts messaging. It answers RPCs without NATS, and queues without the services and the provider that it sends by. */
export async function startMessaging(config: Config, overrides: MessagingOverrides = {}): Promise<MessagingProcess> {
  const { now = () => new Date(), pollMs = 1_000, callTimeoutMs = 10_000 } = overrides
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(startTelemetry(name, config))
  const { logger } = telemetry
  const database = starting.use(
    openDatabase({ url: config.MYSQL_URL.reveal(), poolSize: config.MYSQL_POOL_SIZE, companyTables: companyTablesOf(schema), telemetry }),
  )
  const bus = starting.use(connectBus({ servers: config.NATS_URL, name, telemetry }))
  starting.use(watchTopology(bus, name, telemetry))
  const outbox = starting.use(createOutbox({ database, bus, telemetry, source: `frontdesk/${name}` }))
  const tokens =
    overrides.tokens ??
    starting.use(createIdentityTokens({ address: config.IDENTITY_ADDRESS, credentialFile: config.CREDENTIAL_FILE, telemetry }))
  const others = connectOthers(config, tokens, telemetry, starting)

  const counted = telemetry.metrics.counter('messaging_messages_total', 'What became of messages, by outcome.', ['outcome'])
  measureQueue(database, telemetry, now)
  const queue = createSendQueue(database, {
    now,
    random: Math.random,
    newConversationId: () => newId('conv'),
    leaseMs,
    unconfirmedAfterMs: config.UNCONFIRMED_AFTER_MS,
    onTaken: (tx, companyId, message) => outbox.append(tx, [messageSent(companyId, message, message.causationId)]),
  })
  const senders = createSenderStore(database, now)
  const channel = createWhatsApp({
    baseUrl: config.WHATSAPP_BASE_URL,
    accessToken: config.WHATSAPP_ACCESS_TOKEN.reveal(),
    telemetry,
    timeoutMs: callTimeoutMs,
  })
  const conversations = (companyId: Parameters<typeof createConversationReader>[1]) => createConversationReader(database, companyId)

  // What queues a message is made before what sends it.
  const sending: { sender?: Sender } = {}
  const wake = () => sending.sender?.wake()
  const handler = createEventHandler({
    database,
    outbox,
    telemetry,
    name,
    types: messagingEventTypes,
    handle: onCompanyEvents({
      openMailbox: createMailbox,
      onQueued: wake,
      count: (outcome) => counted.inc({ outcome }),
      skip: (tx, skipped) => skipRevisions(tx, { handler: name, ...skipped }, now()),
      now,
    }),
  })

  const messaging = createMessaging({
    outgoing: (companyId) => createOutgoing(database, companyId, wake),
    senders,
    conversations,
    messages: (companyId) => createMessageReader(database, companyId),
    newMessageId: () => newId('msg'),
    newConversationId: () => newId('conv'),
    now,
  })
  const verifier = createTokenVerifier({ jwksUrl: config.JWKS_URL, jwksFile: config.JWKS_FILE, audience: name, logger })
  const rpc = createRpcServer({ telemetry, verifier })
  rpc.add(MessagingServiceDefinition, createMessagingService(messaging))
  rpc.add(
    OperationsServiceDefinition,
    forAllCompanies(createOperations({ database, outbox, handlers: [handler], counts: async () => ({}) })),
  )
  starting.use(rpc)
  const rpcPort = await rpc.listen(`${config.RPC_HOST}:${config.RPC_PORT}`)
  const mcp = starting.use(
    await serveMcp({
      desks: messaging,
      verifier,
      telemetry,
      now,
      host: config.HTTP_HOST,
      port: config.HTTP_PORT,
      allowedHosts: config.MCP_ALLOWED_HOSTS,
    }),
  )

  sending.sender = starting.use(
    startSender({
      queue,
      concurrency,
      pollMs,
      deliver: deliverMessage({
        queue,
        channel,
        conversations,
        senders,
        ...others,
        turnOf: createTurns(config.SENDS_PER_SECOND),
        now,
        onNotSettled: (err, { id }) =>
          logger.error({ err, messageId: id }, 'the outcome of a call could not be stored; its status will tell'),
      }),
      onDelivery(delivery, { companyId, message }) {
        counted.inc({ outcome: delivery.kind })
        const told = { companyId, messageId: message.id, outcome: delivery.kind, ...('reason' in delivery && { reason: delivery.reason }) }
        if (delivery.kind === 'unknown') logger.warn(told, 'nobody knows whether a message was sent; its status will tell')
        else logger.info(told, 'a message was taken in hand')
      },
      onUnconfirmed(message) {
        counted.inc({ outcome: 'unconfirmed' })
        logger.error(message, 'a message has no outcome and no status: a person has to decide whether to send it again')
      },
      onFailure: (err, what) => logger.error({ err }, what),
    }),
  )
  starting.use(consumeDurables({ database, bus, telemetry, service: name, handler }))

  const admin = starting.use(await startServiceAdmin(config, telemetry, { database, bus }))

  const owned = starting.move()
  return { adminUrl: admin.url, rpcPort, mcpUrl: mcp.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The services that are asked before a message goes out. */
function connectOthers(config: Config, issuer: TokenSource, telemetry: Telemetry, owner: AsyncDisposableStack) {
  const booking = owner.use(
    createRpcClient(BookingServiceDefinition, {
      address: config.BOOKING_ADDRESS,
      audience: 'booking',
      issuer,
      telemetry,
      retryMethods: ['getAppointment', 'getCustomer'],
    }),
  )
  const billing = owner.use(
    createRpcClient(BillingServiceDefinition, {
      address: config.BILLING_ADDRESS,
      audience: 'billing',
      issuer,
      telemetry,
      retryMethods: ['checkEntitlement'],
    }),
  )
  const directory = owner.use(
    createRpcClient(DirectoryServiceDefinition, {
      address: config.DIRECTORY_ADDRESS,
      audience: 'company-resolver',
      issuer,
      telemetry,
      retryMethods: ['getCompany'],
    }),
  )
  return {
    appointments: createAppointments(booking),
    entitlements: createEntitlements(billing),
    companies: createCompanies(directory),
  }
}
