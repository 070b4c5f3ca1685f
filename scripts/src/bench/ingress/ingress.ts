import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGenerator } from '../load/generator.ts'
import type { LoadPlan } from '../load/plan.ts'
import { median } from '../statistics.ts'
import { measureSync } from '../sync-time.ts'
import { type Contestant, type ContestantName, contestantNames, startContestants } from './contestants.ts'
import { openLedgerCheck } from './ledger-check.ts'
import { type Measurement, measure, ratio } from './rounds.ts'
import { type Soak, soak } from './soak.ts'

export interface IngressBenchOptions {
  readonly root: string
  readonly rounds: number
  readonly seconds: number
  readonly soakSeconds: number
  readonly onStep: (step: string) => void
}

/** What `./scripts/bench ingress` found out. */
export interface IngressOutcome {
  /** Ours over each of the others, at 64 connections. */
  readonly ratios: Readonly<Record<Exclude<ContestantName, 'ours'>, number>>
  readonly measurements: readonly Measurement[]
  readonly soak: Soak
  /** The longest that publishing took after the last answer of a round. */
  readonly publishedAfterMs: number
  /** What the disk takes to keep one message, measured before the rounds: durable syncs each by itself, ours whole groups. */
  readonly syncMs: number
  /** What must not be; empty when all is well. */
  readonly problems: readonly string[]
}

export const connectionCounts = [64, 256] as const
const warmUpSeconds = 1.5
/** Before the first round: on a machine whose cores are all busy, V8 takes so long to compile what is hot. */
const heatUpSeconds = 10

/** Ours against floor, plain and durable: interleaved rounds, each in another order, then ours at half of its maximum. */
export async function benchIngress({ root, rounds, seconds, soakSeconds, onStep }: IngressBenchOptions): Promise<IngressOutcome> {
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-bench-'))
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }))
  const syncMs = measureSync(directory)
  const contestants = cleanUp.use(await startContestants({ root, directory, onStep }))
  const generator = cleanUp.use(startGenerator())
  const ledger = cleanUp.use(await openLedgerCheck(contestants.mysqlUrl))
  const planOf = ({ name, url }: Contestant, run: string, connections: number): LoadPlan => ({
    url,
    apiKey: contestants.retellApiKey,
    run: `${run}${name}`,
    connections,
    warmUpSeconds,
    seconds,
    duplicateEvery: 20,
    presigned: 0,
  })

  const heatUps: Measurement[] = []
  for (const contestant of contestants.all) {
    onStep(`loading ${contestant.name} for ${heatUpSeconds} s before the first round`)
    // One after the other: they share the machine.
    heatUps.push(await measure(generator, contestant, { ...planOf(contestant, 'heat', 64), seconds: heatUpSeconds }))
  }

  const measurements: Measurement[] = []
  let publishedAfterMs = 0
  for (let round = 0; round < rounds; round++) {
    for (const connections of connectionCounts) {
      for (const contestant of inOrderOf(round, contestants.all)) {
        const { name } = contestant
        const rates = measurements.filter((each) => each.name === name).map(({ perSecond }) => perSecond)
        const presigned = Math.ceil(Math.max(...rates, rates.length === 0 ? 20_000 : 0) * 1.2 * (warmUpSeconds + seconds))
        // One after the other: they share the machine.
        const measurement = await measure(generator, contestant, {
          ...planOf(contestant, `r${round}c${connections}`, connections),
          presigned,
        })
        measurements.push(measurement)
        if (name === 'ours') publishedAfterMs = Math.max(publishedAfterMs, await ledger.published())
        onStep(
          `round ${round + 1}/${rounds}, ${connections} connections: ${name} ${measurement.perSecond.toFixed(0)} requests/s, p99 ${measurement.p99Ms.toFixed(1)} ms`,
        )
      }
    }
  }

  const ours = contestants.all.find(({ name }) => name === 'ours')
  if (!ours) throw new Error('ours does not run')
  const maximum = median(
    measurements.filter(({ name, connections }) => name === 'ours' && connections === 64).map(({ perSecond }) => perSecond),
  )
  onStep(`ours at ${(maximum / 2).toFixed(0)} requests/s for ${soakSeconds} s`)
  const steady = await soak(generator, ours, { ...planOf(ours, 'soak', 64), seconds: soakSeconds, ratePerSecond: maximum / 2 })
  publishedAfterMs = Math.max(publishedAfterMs, await ledger.published())

  const all = [...heatUps, ...measurements, steady.measurement]
  const problems = [
    ...failuresOf(all),
    ...disagreements(
      all.filter(({ name }) => name === 'ours'),
      await ledger.added(),
    ),
  ]
  const ratioTo = (name: ContestantName) => ratio(measurements, name, 64)
  const ratios = { durable: ratioTo('durable'), plain: ratioTo('plain'), floor: ratioTo('floor') }
  return { ratios, measurements, soak: steady, publishedAfterMs, syncMs, problems }
}

/** Each round begins with another, so that nobody always comes after the same. */
function inOrderOf(round: number, all: readonly Contestant[]): readonly Contestant[] {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

function failuresOf(measurements: readonly Measurement[]): string[] {
  return contestantNames.flatMap((name) => {
    const failures: Record<string, number> = {}
    for (const measurement of measurements.filter((each) => each.name === name)) {
      for (const [reason, times] of Object.entries(measurement.failures)) failures[reason] = (failures[reason] ?? 0) + times
    }
    return Object.entries(failures).map(([reason, times]) => `${name}: ${times} requests ended with ${reason}`)
  })
}

/** The answers, the events they were given for, and the ledger's rows have to say the same. */
function disagreements(ours: readonly Measurement[], added: { readonly events: number; readonly deliveries: number }): string[] {
  const sum = (of: (measurement: Measurement) => number) => ours.reduce((total, measurement) => total + of(measurement), 0)
  const told = {
    'events accepted by the answers': sum(({ accepted }) => accepted),
    'different events answered': sum(({ distinct }) => distinct),
  }
  return Object.entries(told).flatMap(([what, count]) =>
    count === added.events && count === added.deliveries
      ? []
      : [`ours: ${count} ${what}, and the ledger has ${added.events} more events and ${added.deliveries} more deliveries`],
  )
}
