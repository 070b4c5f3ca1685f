import { setTimeout as wait } from 'node:timers/promises'
import { connectBus, watchTopology } from '@frontdesk/bus'
import {
  AttributionServiceDefinition,
  DirectoryServiceDefinition,
  LedgerServiceDefinition,
  OperationsServiceDefinition,
  ReplayServiceDefinition,
} from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase, withDatabaseLock } from '@frontdesk/database'
import { createHttpServer } from '@frontdesk/http'
import { createOperations, createOutbox, keepRoomForMarks } from '@frontdesk/outbox'
import { providers, retellFunctions, retellInbound } from '@frontdesk/providers'
import {
  createIdentityTokens,
  createRpcClient,
  createRpcServer,
  createTokenVerifier,
  forAllCompanies,
  type TokenSource,
} from '@frontdesk/rpc'
import { startServiceAdmin, startTelemetry } from '@frontdesk/service'
import { createTelemetry, type Logger } from '@frontdesk/telemetry'
import { createVault, parseKeyRing } from '@frontdesk/vault'
import { acceptWebhook } from './app/accept-webhook.ts'
import { answerFunction } from './app/answer-function.ts'
import { answerInbound } from './app/answer-inbound.ts'
import { type ConnectionSecretsCache, createConnectionSecrets } from './app/connection-secrets.ts'
import { startReplay } from './app/start-replay.ts'
import { reprocess } from './app/reprocess.ts'
import { createAttributedEvents } from './clients/attributed-events.ts'
import { createDirectory } from './clients/directory.ts'
import { connectInbound } from './clients/inbound.ts'
import { type Config, platformSecretsOf, retentionOf } from './config.ts'
import { startKeeper } from './db/keeper.ts'
import { createLedgerReader } from './db/ledger-reader.ts'
import { createLedger } from './db/ledger.ts'
import { createRefusalLog } from './db/refusal-log.ts'
import { createRefusalReader } from './db/refusal-reader.ts'
import { createReplaySource } from './db/replay-source.ts'
import { createReplayStore } from './db/replay-store.ts'
import { createRevisionStore } from './db/revision-store.ts'
import * as schema from './db/schema/index.ts'
import { createSecretStore } from './db/secret-store.ts'
import { followConnections } from './events/on-connection-changed.ts'
import { startReplayWorker } from './events/replay-worker.ts'
import { registerFunctionRoutes } from './http/function-routes.ts'
import { registerInboundRoutes } from './http/inbound-routes.ts'
import { createRateLimits } from './http/rate-limits.ts'
import { registerWebhookRoutes } from './http/webhook-routes.ts'
import { registerWhatsappHandshake } from './http/whatsapp-handshake.ts'
import { createLedgerService } from './rpc/ledger-service.ts'
import { createReplayService } from './rpc/replay-service.ts'
import { createReprocessMethod } from './rpc/reprocess-events.ts'

const name = 'webhook-ingress'
const source = `frontdesk/${name}`
const dayMs = 86_400_000
const pollIntervalMs = 60_000

/** A running ingress: where it listens. Disposing it stops taking webhooks, finishes those under way, and flushes the outbox. */
export interface WebhookIngress extends AsyncDisposable {
  readonly url: string
  readonly adminUrl: string
  readonly rpcPort: number
}

/** What a test can put in place of the real thing. */
export interface WebhookIngressOverrides {
  readonly now?: () => Date
  /** The caller tokens of its own calls, in place of identity's. */
  readonly tokens?: TokenSource
}

/** Brings the database to the current schema; safe to run from several replicas at once. */
export async function migrateWebhookIngress(config: Config): Promise<void> {
  await using telemetry = createTelemetry({ service: name, logLevel: config.LOG_LEVEL })
  const url = config.MYSQL_URL.reveal()
  await migrate(url, config.MIGRATIONS_DIR, telemetry)
  await keepRoomForMarks(url, telemetry)
}

/** Starts the ingress. It serves without NATS, the directory and identity; only its database has to be there. */
export async function startWebhookIngress(config: Config, overrides: WebhookIngressOverrides = {}): Promise<WebhookIngress> {
  const { now = () => new Date() } = overrides
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(startTelemetry(name, config))
  const database = starting.use(
    openDatabase({
      url: config.MYSQL_URL.reveal(),
      poolSize: config.MYSQL_POOL_SIZE,
      acquireTimeoutMs: 1_000,
      companyTables: companyTablesOf(schema),
      telemetry,
    }),
  )
  const bus = starting.use(connectBus({ servers: config.NATS_URL, name, telemetry }))
  starting.use(watchTopology(bus, name, telemetry))
  const outbox = starting.use(createOutbox({ database, bus, telemetry, source }))

  const tokens =
    overrides.tokens ??
    starting.use(createIdentityTokens({ address: config.IDENTITY_ADDRESS, credentialFile: config.CREDENTIAL_FILE, telemetry }))
  const directoryClient = starting.use(
    createRpcClient(DirectoryServiceDefinition, {
      address: config.DIRECTORY_ADDRESS,
      audience: 'company-resolver',
      issuer: tokens,
      telemetry,
      deadlineMs: 1_000,
      retryMethods: ['listConnectionSecrets', 'getConnectionSecrets'],
    }),
  )
  const store = createSecretStore(database, createVault({ keys: parseKeyRing(config.VAULT_KEYS.reveal()) }), telemetry.logger)
  const connections = createConnectionSecrets({
    directory: createDirectory(directoryClient),
    store,
    clock: now,
    onNotKept: (error) => telemetry.logger.warn({ err: error }, 'the copy of connection secrets could not be written'),
  })
  await connections.load()
  await store.sealAnew()
  starting.use(pollConnections(connections, telemetry.logger))
  starting.use(followConnections(bus, connections, telemetry.logger))

  const ledger = createLedger(database, outbox, telemetry.logger)
  starting.defer(() => ledger.idle())
  const refusals = starting.use(createRefusalLog(database, telemetry.logger, (id) => connections.get(id) !== undefined))
  const server = createHttpServer({
    telemetry,
    bodyLimitBytes: 64 * 1024,
    maxConnections: config.MAX_CONNECTIONS,
    trustedProxies: config.TRUSTED_PROXIES,
    callersTrace: 'linked',
  })
  const limits = createRateLimits({
    // Each replica allows its own part: asking a shared counter would cost every webhook a round trip.
    connectionPerSecond: Math.ceil(config.CONNECTION_RATE_LIMIT / config.REPLICAS),
    unprovenPerMinute: config.UNPROVEN_RATE_LIMIT,
  })
  const platformSecrets = platformSecretsOf(config)
  const { current = [], previous = [] } = platformSecrets.get('retell') ?? {}
  const retellSecrets = current.concat(previous)
  registerWebhookRoutes(server, {
    accept: acceptWebhook({ ledger, connections, limits, clock: now, platformSecrets }),
    providers: Object.values(providers),
    limits,
    refusals,
    metrics: telemetry.metrics,
    clock: now,
  })
  const { companies, desk, bookings } = starting.use(
    connectInbound({ resolverAddress: config.DIRECTORY_ADDRESS, bookingAddress: config.BOOKING_ADDRESS, issuer: tokens, telemetry }),
  )
  registerInboundRoutes(server, {
    answer: answerInbound({ webhook: retellInbound, secrets: retellSecrets, companies, desk, clock: now }),
    webhook: retellInbound,
    refusals,
    telemetry,
    clock: now,
  })
  registerFunctionRoutes(server, {
    answer: answerFunction({
      webhook: retellFunctions,
      secrets: retellSecrets,
      companies,
      desk: bookings,
      clock: now,
    }),
    webhook: retellFunctions,
    refusals,
    telemetry,
    clock: now,
  })
  registerWhatsappHandshake(server, { verifyToken: config.WHATSAPP_VERIFY_TOKEN.reveal(), connections, refusals, clock: now })

  const reader = createLedgerReader(database)
  const operations = createOperations({
    database,
    outbox,
    handlers: [],
    counts: async () => ({ accepted: await reader.countAccepted() }),
    appended: (ids) => reader.publications(ids),
  })
  const replays = createReplayStore(database)
  const replaySource = createReplaySource(database, source)
  starting.use(
    startReplayWorker({
      store: replays,
      source: replaySource,
      bus,
      alone: (work) => withDatabaseLock(database, 'replay', work, { waitMs: 0 }),
      telemetry,
      clock: now,
    }),
  )
  const attributions = starting.use(
    createRpcClient(AttributionServiceDefinition, {
      address: config.DIRECTORY_ADDRESS,
      audience: 'company-resolver',
      issuer: tokens,
      telemetry,
      deadlineMs: 3_000,
      retryMethods: ['listAttributions'],
    }),
  )
  const rpc = createRpcServer({
    telemetry,
    verifier: createTokenVerifier({
      jwksUrl: config.JWKS_URL,
      jwksFile: config.JWKS_FILE,
      audience: name,
      logger: telemetry.logger,
    }),
  })
  const revisions = createRevisionStore({ database, outbox, logger: telemetry.logger, clock: now })
  const reprocessEvents = reprocess({ store: revisions, normalizers: new Map(Object.entries(providers)) })
  rpc.add(LedgerServiceDefinition, {
    ...createLedgerService(reader, createRefusalReader(database)),
    ...createReprocessMethod(reprocessEvents),
  })
  rpc.add(
    ReplayServiceDefinition,
    createReplayService({
      store: replays,
      startReplay: startReplay({
        ledger: reader,
        attributed: createAttributedEvents(attributions),
        store: replays,
        source: replaySource,
        clock: now,
        maxAgeMs: config.REPLAY_MAX_AGE_DAYS * dayMs,
      }),
      clock: now,
    }),
  )
  rpc.add(OperationsServiceDefinition, forAllCompanies(operations))
  starting.use(rpc)
  const rpcPort = await rpc.listen(`${config.RPC_HOST}:${config.RPC_PORT}`)

  const admin = starting.use(await startServiceAdmin(config, telemetry, { database, bus }))
  // Last in, first out: no webhook is taken any more before anything below is closed.
  starting.defer(() => server.close())
  // A burst beyond Node's 511 waiting connections would be left to TCP's retry, a second later.
  const url = await server.listen({ host: config.HTTP_HOST, port: config.HTTP_PORT, backlog: 4_096 })
  // What can wait begins once webhooks are taken.
  starting.use(startKeeper({ database, telemetry, retention: retentionOf(config), clock: now }))

  const owned = starting.move()
  return { url, adminUrl: admin.url, rpcPort, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Brings changed secrets from the directory now and once a minute; what is known serves while it is away. */
function pollConnections(connections: ConnectionSecretsCache, logger: Logger): AsyncDisposable {
  const stop = new AbortController()
  const polling = (async () => {
    while (!stop.signal.aborted) {
      let pauseMs = pollIntervalMs
      try {
        await connections.poll()
      } catch (error) {
        pauseMs = 5_000
        logger.warn({ err: error }, 'the directory can’t be asked; the known connections serve on')
      }
      await wait(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await polling
    },
  }
}
