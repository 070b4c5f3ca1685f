import { join } from 'node:path'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { createTelemetry } from '@frontdesk/telemetry'
import { freePort, type MariadbServer, startMariadb, startNats } from '@frontdesk/testing'
import { environments } from '../../stack/environments.ts'
import { openKeys } from '../../stack/keys.ts'
import { byService } from '../../stack/manifest.ts'
import { choosePorts, urlOf } from '../../stack/ports.ts'
import { migrateService, type ServiceProcess, startService } from '../../stack/service-process.ts'
import { productionSettings } from '../mysql-settings.ts'
import { startCollector } from './collector.ts'
import { ageMessagesOut, fillLedger } from './million-rows.ts'

/** What is measured; ours is compared with the others. */
export const contestantNames = ['ours', 'floor', 'plain', 'durable'] as const
export type ContestantName = (typeof contestantNames)[number]

/** A server that takes signed webhooks, in a process of its own, with what it keeps them in. */
export interface Contestant {
  readonly name: ContestantName
  readonly url: string
  readonly process: ServiceProcess
  /** Process ids of the stores that are its alone. */
  readonly stores: readonly number[]
}

/** All of them, running. */
export interface Contestants extends AsyncDisposable {
  readonly all: readonly Contestant[]
  readonly retellApiKey: string
  /** The ledger's database. */
  readonly mysqlUrl: string
}

export interface ContestantsOptions {
  readonly root: string
  /** For data and logs. */
  readonly directory: string
  readonly onStep: (step: string) => void
  /** Of Node for ours, such as a profiler's. */
  readonly nodeOptions?: readonly string[]
}

const database = 'webhook_ingress'

/** Starts the four servers, each with stores of its own, ours on a ledger that already holds a million rows. */
export async function startContestants({ root, directory, onStep, nodeOptions = [] }: ContestantsOptions): Promise<Contestants> {
  await using starting = new AsyncDisposableStack()
  const keys = await openKeys(join(directory, 'keys'))
  const ports = await choosePorts(undefined)
  const collector = starting.use(await startCollector())
  const nats = {
    ours: starting.use(await startNats({ storeDir: join(directory, 'nats-ours') })),
    plain: starting.use(await startNats({ storeDir: join(directory, 'nats-plain') })),
    durable: starting.use(await startNats({ storeDir: join(directory, 'nats-durable'), syncAlways: true })),
  }
  await Promise.all(Object.values(nats).map(({ url }) => makeStreams(url)))

  const dataDir = join(directory, 'mysql')
  const environmentOf = (mysql: MariadbServer) => ({
    ...environments({
      directory,
      keys,
      ports,
      databaseUrls: byService(() => `${mysql.url}/${database}`),
      natsUrl: nats.ours.url,
      logLevel: 'info',
      poolSize: undefined,
    })['webhook-ingress'],
    NODE_ENV: 'production',
    OTLP_ENDPOINT: collector.url,
  })
  const describe = (mysql: MariadbServer) => ({
    name: 'webhook-ingress',
    root,
    env: environmentOf(mysql),
    logFile: join(directory, 'logs', 'ours.log'),
    nodeOptions,
  })
  onStep('filling the ledger with a million rows')
  {
    await using filling = await startMariadb({ dataDir, settings: productionSettings })
    await migrateService(describe(filling))
    await Promise.all([fillLedger(`${filling.url}/${database}`), ageMessagesOut(nats.ours.url)])
  }
  const mysql = starting.use(await startMariadb({ dataDir, durable: true, settings: productionSettings }))

  onStep('starting the servers')
  const bare = async (name: 'floor' | 'plain' | 'durable', entry: string): Promise<Contestant> => {
    const port = String(await freePort())
    const store = name === 'floor' ? undefined : nats[name]
    const env = { NODE_ENV: 'production', HTTP_PORT: port, ADMIN_PORT: port, RETELL_API_KEY: keys.retellApiKey, NATS_URL: store?.url ?? '' }
    const logFile = join(directory, 'logs', `${name}.log`)
    const server = starting.use(startService({ name, root, entry: join(import.meta.dirname, entry), env, logFile }))
    return { name, url: `http://127.0.0.1:${port}`, process: server, stores: store ? [store.pid] : [] }
  }
  const ours: Contestant = {
    name: 'ours',
    url: urlOf(ports.http.ingress),
    process: starting.use(startService(describe(mysql))),
    stores: [mysql.pid, nats.ours.pid],
  }
  const all = [ours, await bare('floor', 'floor.ts'), await bare('plain', 'plain.ts'), await bare('durable', 'plain.ts')]
  await Promise.all(all.map(({ process: server }) => server.ready()))

  const owned = starting.move()
  return {
    all,
    retellApiKey: keys.retellApiKey,
    mysqlUrl: `${mysql.url}/${database}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function makeStreams(servers: string): Promise<void> {
  await using telemetry = createTelemetry({ service: 'bench', logLevel: 'silent' })
  await using bus = connectBus({ servers, name: 'bench', telemetry })
  await bus.connected()
  await applyStreams(bus)
}
