import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import {
  AttributionServiceDefinition,
  DirectoryServiceDefinition,
  type ConnectionSecrets,
  type DirectoryServiceImplementation,
  LedgerServiceDefinition,
  newId,
  OperationsServiceDefinition,
  ReplayServiceDefinition,
} from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { createRpcClient, createRpcServer, generateCredential, type RpcServer, type TokenSource } from '@frontdesk/rpc'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { loadConfig } from '@frontdesk/service'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, freePort } from '@frontdesk/testing'
import { configSchema } from '../src/config.ts'
import { migrateWebhookIngress, startWebhookIngress, type WebhookIngress } from '../src/service.ts'
import { createAttribution, startBooking } from './neighbours.ts'

export const retellApiKey = 'key_of_the_platform'
export const retellApiKeyPrevious = 'key_before_the_rotation'
export const stripeSecrets = { current: 'whsec_of_the_platform', previous: 'whsec_before_that', thin: 'whsec_of_thin_events' }
export const whatsappSecrets = { current: 'app secret of the platform', previous: 'app secret before that' }
export const whatsappVerifyToken = 'verify token of the platform'

/** An ingress on a database of its own, with a directory that the test writes; there is no broker unless the test starts one. */
export async function startHarness(settings: Readonly<Record<string, string>> = {}) {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const authority = starting.use(await createTestAuthority())
  const { url: mysqlUrl } = starting.use(await createTestDatabase())
  const natsPort = await freePort()
  const attribution = createAttribution()
  const directory = await startDirectory(await freePort(), authority.verifier('company-resolver'), attribution)
  starting.use(directory)
  const credentialFile = join(dirname(authority.jwksFile), 'webhook-ingress.credential')
  await writeFile(credentialFile, generateCredential())
  const booking = starting.use(await startBooking(authority.verifier('booking')))

  const environment = {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: '0',
    RPC_HOST: '127.0.0.1',
    RPC_PORT: String(await freePort()),
    MYSQL_URL: mysqlUrl,
    NATS_URL: `nats://127.0.0.1:${natsPort}`,
    DIRECTORY_ADDRESS: directory.address,
    BOOKING_ADDRESS: booking.address,
    JWKS_FILE: authority.jwksFile,
    // Nobody is there: the tokens come from the test, unless it asks for none.
    IDENTITY_ADDRESS: `127.0.0.1:${await freePort()}`,
    CREDENTIAL_FILE: credentialFile,
    VAULT_KEYS: `test:${randomBytes(32).toString('base64')}`,
    RETELL_API_KEY: retellApiKey,
    RETELL_API_KEY_PREVIOUS: retellApiKeyPrevious,
    STRIPE_WEBHOOK_SECRET: stripeSecrets.current,
    STRIPE_WEBHOOK_SECRET_PREVIOUS: stripeSecrets.previous,
    STRIPE_THIN_WEBHOOK_SECRET: stripeSecrets.thin,
    WHATSAPP_APP_SECRET: whatsappSecrets.current,
    WHATSAPP_APP_SECRET_PREVIOUS: whatsappSecrets.previous,
    WHATSAPP_VERIFY_TOKEN: whatsappVerifyToken,
    LOG_LEVEL: 'silent',
    ...settings,
  }
  const config = loadConfig(configSchema, environment)
  await migrateWebhookIngress(config)
  const tokens = authority.issuer('webhook-ingress')
  let ingress: WebhookIngress = await startWebhookIngress(config, { tokens })
  starting.defer(() => ingress[Symbol.asyncDispose]())

  const opened = starting.use(new AsyncDisposableStack())
  const clients = (issuer: TokenSource = authority.issuer('operator')) => {
    const client = { address: `127.0.0.1:${ingress.rpcPort}`, audience: 'webhook-ingress', issuer, telemetry }
    return {
      ledger: opened.use(createRpcClient(LedgerServiceDefinition, client)),
      operations: opened.use(createRpcClient(OperationsServiceDefinition, client)),
      replays: opened.use(createRpcClient(ReplayServiceDefinition, client)),
    }
  }
  const first = clients()
  const owned = starting.move()
  return {
    telemetry,
    authority,
    directory,
    attribution,
    booking,
    natsPort,
    mysqlUrl,
    environment,
    ...first,
    clients,
    get ingress() {
      return ingress
    },
    /** Starts it again; without tokens of the test it asks identity for its own, at an address where nobody is. */
    async restart({ withoutIdentity = false } = {}) {
      await ingress[Symbol.asyncDispose]()
      ingress = await startWebhookIngress(config, withoutIdentity ? {} : { tokens })
    },
    /** One more process on the same database; it ends with the harness. */
    async startReplica(): Promise<WebhookIngress> {
      return opened.use(await startWebhookIngress({ ...config, RPC_PORT: 0 }, { tokens }))
    },
    /** Starts it again with a clock that stands still at this time. */
    async restartAt(time: Date) {
      await ingress[Symbol.asyncDispose]()
      ingress = await startWebhookIngress(config, { tokens, now: () => time })
    },
    /** Looks at its database, or changes what the ingress never would. */
    async sql<Row extends Record<string, unknown>>(text: string, params: (string | number | Buffer | Date)[] = []): Promise<Row[]> {
      const connection = await createConnection({ uri: mysqlUrl, timezone: 'Z' })
      try {
        const [rows] = await connection.query<RowDataPacket[] | ResultSetHeader>(text, params)
        return (Array.isArray(rows) ? rows : []) as unknown as Row[]
      } finally {
        await connection.end()
      }
    },
    post: (path: string, body: Buffer | string, headers: Record<string, string>) => post(`${ingress.url}${path}`, body, headers),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Harness = Awaited<ReturnType<typeof startHarness>>

export async function post(url: string, body: Buffer | string, headers: Record<string, string>) {
  const response = await fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : new Uint8Array(body) })
  return { status: response.status, headers: response.headers, json: (await response.json()) as Record<string, unknown> }
}

/** As long as the resolver lets a previous secret verify. */
export const overlapMs = 24 * 60 * 60 * 1_000

type DirectoryRpc = DirectoryServiceImplementation

/** The two methods of the directory that the ingress calls, over real gRPC. */
async function startDirectory(
  port: number,
  verifier: Parameters<typeof createRpcServer>[0]['verifier'],
  attribution: ReturnType<typeof createAttribution>,
) {
  const connections = new Map<string, ConnectionSecrets>()
  const asked = { lists: 0, finds: 0 }
  let version = 0n
  let server: RpcServer | undefined
  const notHere = () => Promise.reject(new FrontdeskError('internal', { publicMessage: 'the ingress never calls this' }))
  const implementation: DirectoryRpc = {
    createCompany: notHere,
    getCompany: notHere,
    listCompanies: notHere,
    deactivateCompany: notHere,
    reactivateCompany: notHere,
    updateCompany: notHere,
    createConnection: notHere,
    getConnection: notHere,
    listConnections: notHere,
    deactivateConnection: notHere,
    rotateConnectionSecret: notHere,
    addSignal: notHere,
    endSignal: notHere,
    listSignals: notHere,
    listConnectionSecrets: async ({ afterVersion, pageSize }) => {
      asked.lists += 1
      const changed = [...connections.values()].filter((connection) => connection.version > afterVersion)
      const page = changed.slice(0, pageSize)
      return { connections: page, nextAfterVersion: page.at(-1)?.version ?? afterVersion, hasMore: changed.length > page.length }
    },
    getConnectionSecrets: async ({ connectionId }) => {
      asked.finds += 1
      const connection = connections.get(connectionId)
      if (!connection) throw new FrontdeskError('not_found', { publicMessage: 'There is no such connection.' })
      return { connection }
    },
  }
  const start = async () => {
    server = createRpcServer({ telemetry: createTestTelemetry(), verifier })
    server.add(DirectoryServiceDefinition, implementation)
    server.add(AttributionServiceDefinition, attribution.implementation)
    await server.listen(`127.0.0.1:${port}`)
  }
  await start()
  return {
    address: `127.0.0.1:${port}`,
    /** How often each of its methods was called. */
    asked,
    versionOf: (connectionId: string) => connections.get(connectionId)?.version ?? 0n,
    /** Creates a connection, of Cal.com unless it says otherwise, or gives an existing one a new secret. */
    setSecret(currentSecret: string, connectionId: string = newId('con'), provider = 'calcom'): string {
      const previousSecret = connections.get(connectionId)?.currentSecret ?? ''
      version += 1n
      const previousUntil = previousSecret === '' ? undefined : new Date(Date.now() + overlapMs)
      connections.set(connectionId, {
        connectionId,
        provider,
        currentSecret,
        previousSecret,
        previousUntil,
        version,
        deactivatedAt: undefined,
      })
      return connectionId
    },
    /** Ends a connection. */
    deactivate(connectionId: string): void {
      const connection = connections.get(connectionId)
      if (!connection) throw new Error(`there is no connection ${connectionId}`)
      version += 1n
      connections.set(connectionId, { ...connection, version, deactivatedAt: new Date() })
    },
    start,
    stop: async () => server?.[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => server?.[Symbol.asyncDispose](),
  }
}
