import { join } from 'node:path'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { createTelemetry } from '@frontdesk/telemetry'
import { type MariadbServer, type NatsServer, startMariadb, startNats } from '@frontdesk/testing'
import { createDatabaseAccounts } from './database-accounts.ts'
import { environments } from './environments.ts'
import { keyRing, openKeys } from './keys.ts'
import { byService, type Manifest, type ProcessName, type ServiceName, serviceNames } from './manifest.ts'
import { choosePorts, jwksUrlOf, sandboxUrls, urlOf } from './ports.ts'
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
  /** Further arguments of our MariaDB. */
  readonly mysqlArguments?: readonly string[]
  /** More settings of a service, such as shorter times for a test. */
  readonly settings?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>
  /** Ends a start that is under way, leaving nothing running; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Everything of Frontdesk, running on this machine. */
export interface Stack extends AsyncDisposable {
  readonly manifest: Manifest
  readonly services: ReadonlyMap<ServiceName, ServiceProcess>
  /** What plays the providers. */
  readonly sandbox: ServiceProcess
  readonly nats: NatsServer | undefined
  readonly mysql: MariadbServer | undefined
  /** Kills a service with SIGKILL and starts it again on the same ports; resolves when it is ready, with how long that took. */
  restart(name: ServiceName): Promise<{ readonly startedInMs: number }>
  /** Kills our nats-server with SIGKILL, runs what is given meanwhile, and starts it again on the same data. */
  restartNats(meanwhile?: () => Promise<void>): Promise<void>
}

const natsWithinMs = 15_000

/** Starts private servers (or uses those of NATS_URL and MYSQL_URL), migrates, starts every service, and seeds two companies. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { root, directory, signal, onStep = () => undefined } = options
  await using starting = new AsyncDisposableStack()

  onStep('starting MariaDB and NATS')
  const given = { mysql: process.env.MYSQL_URL, nats: process.env.NATS_URL }
  const mysql =
    given.mysql === undefined
      ? starting.use(
          await startMariadb({ dataDir: join(directory, 'mysql'), durable: true, settings: options.mysqlArguments ?? [], signal }),
        )
      : undefined
  let nats = given.nats === undefined ? await startNats({ storeDir: join(directory, 'nats'), signal }) : undefined
  starting.defer(async () => nats?.[Symbol.asyncDispose]())
  const mysqlUrl = given.mysql ?? mysql?.url ?? ''
  const natsUrl = given.nats ?? nats?.url ?? ''

  const opened = await openKeys(join(directory, 'keys'))
  const keys = { ...opened, vaultKeys: keyRing(opened.vaultKeys, given.mysql) }
  const ports = await choosePorts(options.preferredIngressPort)
  const databaseUrls = await unlessAborted(signal, createDatabaseAccounts(mysqlUrl, keys))
  const { logLevel = 'info', poolSize } = options
  const settings = environments({ directory, keys, ports, databaseUrls, natsUrl, logLevel, poolSize })
  const envOf = (name: ProcessName) => ({ ...settings[name], ...(name !== 'provider-sandbox' && options.settings?.[name]) })
  const describe = (name: ProcessName) => ({ name, root, env: envOf(name), logFile: join(directory, 'logs', `${name}.log`) })

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
  const sandbox = starting.use(startService(describe('provider-sandbox')))
  await Promise.all([...services.values(), sandbox].map((service) => service.ready(signal)))

  onStep('seeding two companies')
  const operatorToken = await keys.issueOperatorToken()
  const rpc = byService((name) => `127.0.0.1:${ports.rpc[name]}`)
  const companies = await unlessAborted(
    signal,
    seedCompanies({
      rpc,
      operatorToken,
      vaultKeys: keys.vaultKeys,
      stripeApiKey: keys.stripeApiKey,
      sandbox: sandboxUrls(ports),
      file: join(directory, 'companies.json'),
    }),
  )

  const owned = starting.move()
  return {
    services,
    sandbox,
    get nats() {
      return nats
    },
    mysql,
    get manifest(): Manifest {
      return {
        ingress: { url: urlOf(ports.http.ingress), adminUrl: urlOf(ports.admin['webhook-ingress']) },
        mcp: { url: `${urlOf(ports.http.mcp)}/mcp` },
        sandbox: sandboxUrls(ports),
        identity: { jwksUrl: jwksUrlOf(ports) },
        nats: { url: natsUrl, ...(nats && { monitorUrl: nats.monitorUrl }) },
        mysql: { url: mysqlUrl },
        rpc,
        admin: byService((name) => urlOf(ports.admin[name])),
        operatorToken,
        pids: {
          ...Object.fromEntries([...services.values(), sandbox].map(({ name, pid }) => [name, pid])),
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
