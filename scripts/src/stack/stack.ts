import { join } from 'node:path'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { createTelemetry } from '@frontdesk/telemetry'
import { freePort, type MariadbServer, type NatsServer, startMariadb, startNats } from '@frontdesk/testing'
import { openKeys, type StackKeys } from './keys.ts'
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

interface Ports {
  readonly http: number
  readonly admin: Readonly<Record<ServiceName, number>>
  readonly rpc: Readonly<Record<ServiceName, number>>
}

/** Starts private servers (or uses those of NATS_URL and MYSQL_URL), migrates, starts every service, and seeds two companies. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { root, directory, onStep = () => undefined } = options
  await using starting = new AsyncDisposableStack()

  onStep('starting MariaDB and NATS')
  const given = { mysql: process.env.MYSQL_URL, nats: process.env.NATS_URL }
  const mysql =
    given.mysql === undefined ? starting.use(await startMariadb({ dataDir: join(directory, 'mysql'), durable: true })) : undefined
  let nats = given.nats === undefined ? await startNats({ storeDir: join(directory, 'nats') }) : undefined
  starting.defer(async () => nats?.[Symbol.asyncDispose]())
  const mysqlUrl = given.mysql ?? mysql?.url ?? ''
  const natsUrl = given.nats ?? nats?.url ?? ''

  const keys = await openKeys(join(directory, 'keys'))
  const ports = await choosePorts(options.preferredIngressPort)
  const databaseUrls = await createDatabaseAccounts(mysqlUrl, keys.databasePassword)
  const settings = environments({ keys, ports, databaseUrls, natsUrl, logLevel: options.logLevel ?? 'info', poolSize: options.poolSize })
  const describe = (name: ServiceName) => ({ name, root, env: settings[name], logFile: join(directory, 'logs', `${name}.log`) })

  onStep('migrating the databases')
  await Promise.all([...serviceNames.map((name) => migrateService(describe(name))), applyTopology(natsUrl)])

  onStep('starting the services')
  const services = new Map<ServiceName, ServiceProcess>()
  starting.defer(async () => void (await Promise.all([...services.values()].map((service) => service[Symbol.asyncDispose]()))))
  for (const name of serviceNames) services.set(name, startService(describe(name)))
  await Promise.all([...services.values()].map((service) => service.ready()))

  onStep('seeding two companies')
  const operatorToken = await keys.issueOperatorToken()
  const rpc = byService((name) => `127.0.0.1:${ports.rpc[name]}`)
  const companies = await seedCompanies(rpc['company-resolver'], operatorToken, join(directory, 'companies.json'))

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
        nats: { url: natsUrl, ...(nats && { monitorUrl: nats.monitorUrl }) },
        mysql: { url: mysqlUrl },
        rpc,
        operatorToken,
        pids: {
          ...Object.fromEntries([...services].map(([name, { pid }]) => [name, pid])),
          ...(nats && { nats: nats.pid }),
          ...(mysql && { mysql: mysql.pid }),
        },
        providers: { retell: { apiKey: keys.retellApiKey } },
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
  const free = await Promise.all(Array.from({ length: 1 + 2 * serviceNames.length }, () => freePort()))
  const next = () => free.pop() ?? 0
  const http = preferredIngressPort !== undefined && (await isFree(preferredIngressPort)) ? preferredIngressPort : next()
  return { http, admin: byService(next), rpc: byService(next) }
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
    },
    'company-resolver': { ...shared('company-resolver'), VAULT_KEYS: keys.vaultKeys },
    booking: shared('booking'),
  }
}

async function applyTopology(natsUrl: string): Promise<void> {
  await using telemetry = createTelemetry({ service: 'dev', logLevel: 'silent' })
  await using bus = connectBus({ servers: natsUrl, name: 'streams apply', telemetry })
  await bus.connected()
  await applyStreams(bus)
}
