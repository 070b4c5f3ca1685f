import * as prom from 'prom-client'

/** How one gauge is measured. */
export interface Measurement {
  collect: () => void | Promise<void>
  clear: () => void
}

/** What a scrape measures before it renders. */
export interface Collector {
  /** The newest measurement of a gauge counts; `clear` leaves the gauge out. */
  set(gauge: prom.Gauge, measurement: Measurement): void
  run(): Promise<void>
}

/**
 * Runs every gauge's measurement at once, each within the time. prom-client's own `collect` would
 * fail the whole scrape for one that throws, and hang it for one that hangs.
 */
export function createCollector(timeoutMs: number, registry: prom.Registry): Collector {
  const measurements = new Map<prom.Gauge, Measurement>()
  const failures = new prom.Counter({
    name: 'frontdesk_metric_collect_failures_total',
    help: 'Measurements that failed or took too long at a scrape; the gauge was left out.',
    registers: [registry],
  })

  async function measure({ collect, clear }: Measurement): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error('took too long')), timeoutMs)
    try {
      await Promise.race([(async () => collect())(), late])
    } catch {
      clear()
      failures.inc()
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    set: (gauge, measurement) => void measurements.set(gauge, measurement),
    run: async () => void (await Promise.all(Array.from(measurements.values(), measure))),
  }
}
