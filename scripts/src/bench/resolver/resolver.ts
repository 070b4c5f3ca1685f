import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { applyStreams, type Bus, connectBus, type OutgoingMessage } from '@frontdesk/bus'
import { createTelemetry } from '@frontdesk/telemetry'
import { startMariadb, startNats } from '@frontdesk/testing'
import { connect } from '@nats-io/transport-node'
import { createConnection } from 'mysql2/promise'
import { environments } from '../../stack/environments.ts'
import { openKeys } from '../../stack/keys.ts'
import { byService } from '../../stack/manifest.ts'
import { choosePorts } from '../../stack/ports.ts'
import { migrateService } from '../../stack/service-process.ts'
import { type Stack, startStack } from '../../stack/stack.ts'
import { productionSettings } from '../mysql-settings.ts'
import { usageOf } from '../process-usage.ts'
import { median, quantile } from '../statistics.ts'
import { runBareLoop, type SampleRow } from './bare.ts'
import { ingressEvents } from './events.ts'

export interface ResolverBenchOptions {
  readonly root: string
  readonly rounds: number
  /** Of each round. */
  readonly events: number
  /** How long 500 events a second are sent. */
  readonly seconds: number
  readonly onStep: (step: string) => void
}

/** What `./scripts/bench resolver` found out. */
export interface ResolverOutcome {
  /** Ours over the bare loop's events a second, the median of the rounds. */
  readonly ratio: number
  /** Ours, the median. */
  readonly eventsPerSecond: number
  /** From an event's arrival in the ingress's stream to its arrival at its company's subject. */
  readonly addedP50Ms: number
  readonly addedP99Ms: number
  readonly rounds: readonly { readonly ours: number; readonly bare: number }[]
}

const latencyPerSecond = 500
const doneWithinMs = 120_000
/** Of a second. */
const quietCpuSeconds = 0.2

/** The resolver of a whole running stack, by turns with a loop that keeps and publishes the same and decides nothing. */
export async function benchResolver({ root, rounds, events, seconds, onStep }: ResolverBenchOptions): Promise<ResolverOutcome> {
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-bench-'))
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }))
  const telemetry = cleanUp.use(createTelemetry({ service: 'bench', logLevel: 'silent', sampleRatio: 0 }))
  const connectTo = (servers: string) => cleanUp.use(connectBus({ servers, name: 'bench', telemetry }))

  const stack = cleanUp.use(await startStack({ root, directory: join(directory, 'ours'), onStep, mysqlArguments: productionSettings }))
  const { companies, nats, mysql } = stack.manifest
  const bus = connectTo(nats.url)
  const arrivals = cleanUp.use(await watchArrivals(nats.url))

  onStep('starting the bare loop’s servers')
  const bareNats = cleanUp.use(await startNats({ storeDir: join(directory, 'nats-bare') }))
  const bareMysql = cleanUp.use(await startMariadb({ dataDir: join(directory, 'mysql-bare'), durable: true, settings: productionSettings }))
  const bareDatabase = `${bareMysql.url}/company_resolver`
  await migrateResolver(root, join(directory, 'bare'), bareDatabase)
  const bareBus = connectTo(bareNats.url)
  await applyStreams(bareBus)

  // Its plans, its prepared statements and its code are warm after that.
  await oursOnce(stack, bus, ingressEvents('warm', Math.ceil(events / 4), companies), arrivals)
  const sample = await sampleRow(`${mysql.url}/company_resolver`)
  const measured: { ours: number; bare: number }[] = []
  for (let round = 1; round <= rounds; round++) {
    // One after the other: they share the machine, also with what the services still make of the events before.
    await untilQuiet(stack)
    const ours = await oursOnce(stack, bus, ingressEvents(`ours${round}`, events, companies), arrivals)
    await untilQuiet(stack)
    await publish(bareBus, ingressEvents(`bare${round}`, events, companies))
    const bare = await runBareLoop(bareNats.url, bareDatabase, { events, sample, companyId: companies[0]?.id ?? '' })
    measured.push({ ours, bare })
    onStep(`round ${round}/${rounds}: ours ${ours.toFixed(0)} events/s, the bare loop ${bare.toFixed(0)}`)
  }

  await untilQuiet(stack)
  onStep(`${latencyPerSecond} events a second for ${seconds} s`)
  const addedMs = await latencies(bus, ingressEvents('latency', latencyPerSecond * seconds, companies), arrivals)
  return {
    ratio: median(measured.map(({ ours, bare }) => ours / bare)),
    eventsPerSecond: median(measured.map(({ ours }) => ours)),
    addedP50Ms: quantile(addedMs, 0.5),
    addedP99Ms: quantile(addedMs, 0.99),
    rounds: measured,
  }
}

/** When each event came out of the resolver, for a company or for the quarantine. */
interface Arrivals extends AsyncDisposable {
  readonly at: Map<string, number>
  /** Resolves once all of them have. */
  all(ids: readonly string[]): Promise<void>
}

async function watchArrivals(servers: string): Promise<Arrivals> {
  const connection = await connect({ servers })
  const at = new Map<string, number>()
  let missing = new Set<string>()
  // Of what the services make of it nothing comes here: a watcher that reads everything takes from what it measures.
  for (const subject of ['company.*.call.>', 'quarantine.>']) {
    connection.subscribe(subject, {
      callback(_, message) {
        const id = (message.headers?.get('ce-id') ?? '').slice(0, 64)
        at.set(id, performance.now())
        missing.delete(id)
      },
    })
  }
  await connection.flush()
  return {
    at,
    async all(ids) {
      const deadline = performance.now() + doneWithinMs
      missing = new Set(ids.filter((id) => !at.has(id)))
      while (missing.size > 0) {
        if (performance.now() > deadline) throw new Error(`not all events came out within ${doneWithinMs / 1_000} s`)
        await wait(20)
      }
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** Until all of the stack's processes together use less than a fifth of a processor. */
async function untilQuiet({ manifest: { pids } }: Stack): Promise<void> {
  const used = async () => {
    const usages = await Promise.all(Object.values(pids).map(usageOf))
    return usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
  }
  const deadline = performance.now() + doneWithinMs
  for (let before = await used(); ;) {
    await wait(1_000)
    const now = await used()
    if (!(now - before > quietCpuSeconds)) return
    if (performance.now() > deadline) throw new Error(`the services were not quiet within ${doneWithinMs / 1_000} s`)
    before = now
  }
}

/** Events a second, from the moment that the resolver, which was held, goes on with all of them waiting. */
async function oursOnce(stack: Stack, bus: Bus, events: readonly OutgoingMessage[], arrivals: Arrivals): Promise<number> {
  const pid = stack.services.get('company-resolver')?.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  try {
    await publish(bus, events)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  const begun = performance.now()
  const ids = events.map(({ envelope }) => envelope.id)
  await arrivals.all(ids)
  const last = Math.max(...ids.map((id) => arrivals.at.get(id) ?? 0))
  arrivals.at.clear()
  return (events.length * 1_000) / (last - begun)
}

/** Sends the events at their rate; the milliseconds from the broker's answer for each until it came out. */
async function latencies(bus: Bus, events: readonly OutgoingMessage[], arrivals: Arrivals): Promise<number[]> {
  const sentAt = new Map<string, number>()
  const begun = performance.now()
  const sending: Promise<void>[] = []
  for (const [index, event] of events.entries()) {
    const due = begun + (index * 1_000) / latencyPerSecond
    if (due > performance.now() + 1) await wait(due - performance.now())
    sentAt.set(event.envelope.id, performance.now())
    sending.push(publish(bus, [event]))
  }
  await Promise.all(sending)
  const ids = [...sentAt.keys()]
  await arrivals.all(ids)
  return ids.map((id) => (arrivals.at.get(id) ?? Number.NaN) - (sentAt.get(id) ?? Number.NaN))
}

async function publish(bus: Bus, events: readonly OutgoingMessage[]): Promise<void> {
  for (let start = 0; start < events.length; start += 500) {
    const outcomes = await bus.publish(events.slice(start, start + 500))
    const failed = outcomes.find(({ ok }) => !ok)
    if (failed && !failed.ok) throw new Error(`the broker did not take an event: ${failed.reason}, ${failed.detail}`)
  }
}

async function migrateResolver(root: string, directory: string, databaseUrl: string): Promise<void> {
  const [keys, ports] = await Promise.all([openKeys(join(directory, 'keys')), choosePorts(undefined)])
  const databaseUrls = byService(() => databaseUrl)
  const { 'company-resolver': env } = environments({
    directory,
    keys,
    ports,
    databaseUrls,
    natsUrl: '',
    logLevel: 'warn',
    poolSize: undefined,
  })
  await migrateService({
    name: 'company-resolver',
    root,
    env: { ...env, NATS_URL: 'nats://127.0.0.1:1' },
    logFile: join(directory, 'migrate.log'),
  })
}

/** Of the sizes that rows have in truth. */
async function sampleRow(mysqlUrl: string): Promise<SampleRow> {
  const connection = await createConnection({ uri: mysqlUrl, jsonStrings: true })
  try {
    const [rows] = await connection.query('select source, waterfall, candidates from attributions where company_id is not null limit 1')
    const [row] = rows as SampleRow[]
    if (!row) throw new Error('the resolver attributed nothing')
    return row
  } finally {
    await connection.end()
  }
}
