import type { Generator } from '../load/generator.ts'
import type { LoadPlan } from '../load/plan.ts'
import { usageOf } from '../process-usage.ts'
import { median } from '../statistics.ts'
import type { Contestant } from './contestants.ts'
import { type Measurement, measure } from './rounds.ts'

/** A steady load, and how the server's memory went under it. */
export interface Soak {
  readonly measurement: Measurement
  /** Medians of the second and of the last quarter: the first one is still filling its heap. */
  readonly residentMib: { readonly early: number; readonly late: number }
}

const sampleMs = 1_000

/** Carries the plan out, looking at the server's memory once a second. */
export async function soak(generator: Generator, contestant: Contestant, plan: LoadPlan): Promise<Soak> {
  const samples: number[] = []
  const look = async () => void samples.push((await usageOf(contestant.process.pid)).residentMib)
  const timer = setInterval(() => void look(), sampleMs)
  try {
    const measurement = await measure(generator, contestant, plan)
    const quarter = Math.floor(samples.length / 4)
    return { measurement, residentMib: { early: median(samples.slice(quarter, 2 * quarter)), late: median(samples.slice(-quarter)) } }
  } finally {
    clearInterval(timer)
  }
}
