import { join } from 'node:path'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { createTelemetry } from '@frontdesk/telemetry'
import { freePort, type MariadbServer, type NatsServer, startMariadb, startNats } from '@frontdesk/testing'
import { keyRing, openKeys, type StackKeys } from './keys.ts'
import { createDatabaseAccounts } from './database-accounts.ts'
import { type Manifest, type ServiceName, serviceNames } from './manifest.ts'
import { seedCompanies } from './seed.ts'
import { migrateService, type ServiceProcess, startService } from './service-process.ts'

export interface StackOptions {
  /** The checkout. */
  readonly root: string
  /** Where data, keys and logs go. */
  readonly directory: string
  /** Taken if it is free. */
  readonly preferredIngressPort?: number
  /** Told what is being done, for a person who waits. */
  readonly onStep?: (step: string) => void
  /** Of the services; `info` when left out. */
  readonly logLevel?: string
  /** Database connections of each service; its default when left out. */
  readonly poolSize?: number
  /** Ends a start that is under way, leaving nothing running; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Everything of Frontdesk, running on this machine. */
export interface Stack extends AsyncDisposable {
  readonly manifest: Manifest
  readonly services: ReadonlyMap<ServiceName, ServiceProcess>
  readonly nats: NatsServer | undefined
  readonly mysql: MariadbServer | undefined
  /** Kills a service with SIGKILL and starts it again on the same ports; resolves when it is ready, with how long that took. */
  restart(name: ServiceName): Promise<{ readonly startedInMs: number }>
  /** Kills our nats-server with SIGKILL, runs what is given meanwhile, and starts it again on the same data. */
  restartNats(meanwhile?: () => Promise<void>): Promise<void>
}

const natsWithinMs = 15_000

interface Ports {
  readonly http: number
  /** identity's. */
  readonly jwks: number
  readonly admin: Readonly<Record<ServiceName, number>>
  readonly rpc: Readonly<Record<ServiceName, number>>
}

/** Starts private servers (or uses those of NATS_URL and MYSQL_URL), migrates, starts every service, and seeds two companies. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { root, directory, signal, onStep = () => undefined } = options
  await using starting = new AsyncDisposableStack()

  onStep('starting MariaDB and NATS')
  const given = { mysql: process.env.MYSQL_URL, nats: process.env.NATS_URL }
  const mysql =
    given.mysql === undefined ? starting.use(await startMariadb({ dataDir: join(directory, 'mysql'), durable: true, signal })) : undefined
  let nats = given.nats === undefined ? await startNats({ storeDir: join(directory, 'nats'), signal }) : undefined
  starting.defer(async () => nats?.[Symbol.asyncDispose]())
  const mysqlUrl = given.mysql ?? mysql?.url ?? ''
  const natsUrl = given.nats ?? nats?.url ?? ''

  const opened = await openKeys(join(directory, 'keys'))
  const keys = { ...opened, vaultKeys: keyRing(opened.vaultKeys, given.mysql) }
  const ports = await choosePorts(options.preferredIngressPort)
  const databaseUrls = await unlessAborted(signal, createDatabaseAccounts(mysqlUrl, keys))
  const settings = environments({ keys, ports, databaseUrls, natsUrl, logLevel: options.logLevel ?? 'info', poolSize: options.poolSize })
  const describe = (name: ServiceName) => ({ name, root, env: settings[name], logFile: join(directory, 'logs', `${name}.log`) })

  onStep('migrating the databases')
  // All of them to their end, whatever becomes of one: a migration is not to be broken off.
  const prepared = await Promise.allSettled([
    ...serviceNames.map((name) => migrateService(describe(name), signal)),
    unlessAborted(signal, applyTopology(natsUrl)),
  ])
  for (const outcome of prepared) if (outcome.status === 'rejected') throw outcome.reason

  onStep('starting the services')
  const services = new Map<ServiceName, ServiceProcess>()
  starting.defer(async () => void (await Promise.all([...services.values()].map((service) => service[Symbol.asyncDispose]()))))
  for (const name of serviceNames) services.set(name, startService(describe(name)))
  await Promise.all([...services.values()].map((service) => service.ready(signal)))

  onStep('seeding two companies')
  const operatorToken = await keys.issueOperatorToken()
  const rpc = byService((name) => `127.0.0.1:${ports.rpc[name]}`)
  const companies = await unlessAborted(
    signal,
    seedCompanies({
      directoryAddress: rpc['company-resolver'],
      operatorToken,
      vaultKeys: keys.vaultKeys,
      file: join(directory, 'companies.json'),
    }),
  )

  const owned = starting.move()
  return {
    services,
    get nats() {
      return nats
    },
    mysql,
    get manifest(): Manifest {
      return {
        ingress: { url: `http://127.0.0.1:${ports.http}`, adminUrl: `http://127.0.0.1:${ports.admin['webhook-ingress']}` },
        identity: { jwksUrl: `http://127.0.0.1:${ports.jwks}/.well-known/jwks.json` },
        nats: { url: natsUrl, ...(nats && { monitorUrl: nats.monitorUrl }) },
        mysql: { url: mysqlUrl },
        rpc,
        operatorToken,
        pids: {
          ...Object.fromEntries([...services].map(([name, { pid }]) => [name, pid])),
          ...(nats && { nats: nats.pid }),
          ...(mysql && { mysql: mysql.pid }),
        },
        providers: {
          retell: { apiKey: keys.retellApiKey },
          stripe: { webhookSecret: keys.stripeWebhookSecret },
          whatsapp: { appSecret: keys.whatsappAppSecret, verifyToken: keys.whatsappVerifyToken },
        },
        companies,
      }
    },

    async restart(name) {
      await services.get(name)?.kill()
      const begun = performance.now()
      const service = startService(describe(name))
      services.set(name, service)
      await service.ready()
      return { startedInMs: performance.now() - begun }
    },

    async restartNats(meanwhile = () => Promise.resolve()) {
      if (!nats) throw new Error('NATS_URL names a server that is not ours to kill')
      const { port, storeDir, monitorUrl } = nats
      await nats.kill()
      await meanwhile()
      nats = await startNats({ port, storeDir, monitorPort: Number(new URL(monitorUrl).port) })
    },

    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function byService<Value>(valueOf: (name: ServiceName) => Value): Record<ServiceName, Value> {
  return Object.fromEntries(serviceNames.map((name) => [name, valueOf(name)])) as Record<ServiceName, Value>
}

async function choosePorts(preferredIngressPort: number | undefined): Promise<Ports> {
  const free = await Promise.all(Array.from({ length: 2 + 2 * serviceNames.length }, () => freePort()))
  const next = () => free.pop() ?? 0
  const http = preferredIngressPort !== undefined && (await isFree(preferredIngressPort)) ? preferredIngressPort : next()
  return { http, jwks: next(), admin: byService(next), rpc: byService(next) }
}

async function isFree(port: number): Promise<boolean> {
  const { createServer } = await import('node:net')
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

interface Settings {
  readonly keys: StackKeys
  readonly ports: Ports
  readonly databaseUrls: Readonly<Record<ServiceName, string>>
  readonly natsUrl: string
  readonly logLevel: string
  readonly poolSize: number | undefined
}

function environments({ keys, ports, databaseUrls, natsUrl, logLevel, poolSize }: Settings): Record<ServiceName, Record<string, string>> {
  const shared = (name: ServiceName) => ({
    ADMIN_HOST: '127.0.0.1',
    ADMIN_PORT: String(ports.admin[name]),
    RPC_HOST: '127.0.0.1',
    RPC_PORT: String(ports.rpc[name]),
    MYSQL_URL: databaseUrls[name],
    NATS_URL: natsUrl,
    JWKS_FILE: keys.jwksFile,
    LOG_LEVEL: logLevel,
    ...(poolSize !== undefined && { MYSQL_POOL_SIZE: String(poolSize) }),
  })
  return {
    'webhook-ingress': {
      ...shared('webhook-ingress'),
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(ports.http),
      DIRECTORY_ADDRESS: `127.0.0.1:${ports.rpc['company-resolver']}`,
      CALLER_KEY_FILE: keys.callerKeyFile('webhook-ingress'),
      VAULT_KEYS: keys.vaultKeys,
      RETELL_API_KEY: keys.retellApiKey,
      STRIPE_WEBHOOK_SECRET: keys.stripeWebhookSecret,
      WHATSAPP_APP_SECRET: keys.whatsappAppSecret,
      WHATSAPP_VERIFY_TOKEN: keys.whatsappVerifyToken,
    },
    'company-resolver': { ...shared('company-resolver'), VAULT_KEYS: keys.vaultKeys },
    booking: shared('booking'),
    identity: {
      ...shared('identity'),
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(ports.jwks),
      SERVICE_CREDENTIALS_FILE: keys.credentialsFile,
      VAULT_KEYS: keys.vaultKeys,
    },
  }
}

async function applyTopology(natsUrl: string): Promise<void> {
  await using telemetry = createTelemetry({ service: 'dev', logLevel: 'silent' })
  await using bus = connectBus({ servers: natsUrl, name: 'streams apply', telemetry })
  // It tries for ever, and a person who waits wants to know.
  const late = AbortSignal.timeout(natsWithinMs)
  try {
    await unlessAborted(late, bus.connected())
  } catch (error) {
    throw late.aborted ? new Error(`NATS does not answer at ${natsUrl}`) : error
  }
  await applyStreams(bus)
}

/** The work's outcome, or the signal's reason as soon as there is one. */
async function unlessAborted<Value>(signal: AbortSignal | undefined, work: Promise<Value>): Promise<Value> {
  if (!signal) return work
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
