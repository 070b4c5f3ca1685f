import * as prom from 'prom-client'
import { createCollector } from './metric-collector.ts'

export type { Counter, Gauge, Histogram } from 'prom-client'

/** The metrics of one process; names get `frontdesk_` in front, and asking for a name again gives the same metric. */
export interface Metrics {
  readonly registry: prom.Registry
  counter<Label extends string = string>(name: string, help: string, labels?: readonly Label[]): prom.Counter<Label>
  histogram<Label extends string = string>(
    name: string,
    help: string,
    labels?: readonly Label[],
    buckets?: readonly number[],
  ): prom.Histogram<Label>
  /** With `collect`, the gauge is measured at each scrape; the newest `collect` of a name counts. A failing one leaves the gauge out. */
  gauge<Label extends string = string>(
    name: string,
    help: string,
    labels?: readonly Label[],
    collect?: (gauge: prom.Gauge<Label>) => void | Promise<void>,
  ): prom.Gauge<Label>
  render(): Promise<{ contentType: string; body: string }>
}

/** How metrics are set up. */
export interface MetricOptions {
  /** Memory, CPU, garbage collection, event loop lag of the process; once a process is enough. */
  processMetrics?: boolean
  /** How long a gauge's `collect` may take at a scrape. */
  collectTimeoutMs?: number
}

const prefix = 'frontdesk_'
/** In seconds, from a cache hit to a time-out. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Metrics in a registry of their own. */
export function createMetrics(options: MetricOptions = {}): Metrics {
  const registry = new prom.Registry()
  if (options.processMetrics) prom.collectDefaultMetrics({ register: registry })
  const collector = createCollector(options.collectTimeoutMs ?? 1_000, registry)

  /** @throws TypeError if the name stands for a metric of another kind. */
  function getOrCreate<Metric extends prom.Metric>(name: string, kind: new (...args: never[]) => Metric, create: (name: string) => Metric) {
    const fullName = name.startsWith(prefix) ? name : prefix + name
    const existing: unknown = registry.getSingleMetric(fullName)
    if (existing === undefined) return create(fullName)
    if (!(existing instanceof kind)) throw new TypeError(`the metric ${fullName} exists and is no ${kind.name}`)
    return existing
  }

  return {
    registry,
    counter<Label extends string>(name: string, help: string, labels: readonly Label[] = []): prom.Counter<Label> {
      return getOrCreate<prom.Counter<Label>>(
        name,
        prom.Counter,
        (fullName) => new prom.Counter({ name: fullName, help, labelNames: [...labels], registers: [registry] }),
      )
    },
    histogram<Label extends string>(
      name: string,
      help: string,
      labels: readonly Label[] = [],
      buckets: readonly number[] = secondsBuckets,
    ): prom.Histogram<Label> {
      return getOrCreate<prom.Histogram<Label>>(
        name,
        prom.Histogram,
        (fullName) => new prom.Histogram({ name: fullName, help, labelNames: [...labels], buckets: [...buckets], registers: [registry] }),
      )
    },
    gauge<Label extends string>(
      name: string,
      help: string,
      labels: readonly Label[] = [],
      collect?: (gauge: prom.Gauge<Label>) => void | Promise<void>,
    ): prom.Gauge<Label> {
      const gauge = getOrCreate<prom.Gauge<Label>>(
        name,
        prom.Gauge,
        (fullName) => new prom.Gauge({ name: fullName, help, labelNames: [...labels], registers: [registry] }),
      )
      // Without labels, `reset` would tell 0 instead of nothing.
      const clear = () => (labels.length === 0 ? gauge.remove() : gauge.reset())
      if (collect) collector.set(gauge, { collect: () => collect(gauge), clear })
      return gauge
    },
    async render() {
      await collector.run()
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
  }
}
