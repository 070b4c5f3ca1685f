import type { Generator } from '../load/generator.ts'
import type { LoadPlan, LoadResult } from '../load/plan.ts'
import { usageOf } from '../process-usage.ts'
import { median } from '../statistics.ts'
import type { Contestant, ContestantName } from './contestants.ts'

/** A load's outcome, and what it took of the machine. */
export interface Measurement extends LoadResult {
  readonly name: ContestantName
  readonly connections: number
  /** CPU seconds a second: of the server, and of what it keeps its events in. */
  readonly serverCores: number
  readonly storeCores: number
  readonly residentMib: number
}

/** Loads one contestant and measures it from outside. */
export async function measure(generator: Generator, contestant: Contestant, plan: LoadPlan): Promise<Measurement> {
  const { name, process: server, stores } = contestant
  const usages = () => Promise.all([server.pid, ...stores].map(usageOf))
  const before = await usages()
  const begun = performance.now()
  const result = await generator.run(plan)
  const seconds = (performance.now() - begun) / 1_000
  const after = await usages()
  const [serverCores = Number.NaN, ...storeCores] = after.map(
    ({ cpuSeconds }, index) => (cpuSeconds - (before[index]?.cpuSeconds ?? 0)) / seconds,
  )
  return {
    ...result,
    name,
    connections: plan.connections,
    serverCores,
    storeCores: storeCores.reduce((sum, cores) => sum + cores, 0),
    residentMib: after[0]?.residentMib ?? Number.NaN,
  }
}

/** Ours over another's requests a second, round by round: the machine's moods concern both of a round alike. */
export function ratio(measurements: readonly Measurement[], other: ContestantName, connections: number): number {
  const rates = (name: ContestantName) =>
    measurements.filter((each) => each.name === name && each.connections === connections).map(({ perSecond }) => perSecond)
  const others = rates(other)
  return median(rates('ours').map((rate, round) => rate / (others[round] ?? Number.NaN)))
}
