import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTelemetry } from '@frontdesk/telemetry'

/** The labels of each series by its name, a histogram's `_bucket`, `_sum` and `_count` included; `'any'` where the labels are not ours. */
export type MetricCatalogue = ReadonlyMap<string, ReadonlySet<string> | 'any'>

/** `metrics.counter('name', 'Help.', ['label'])`, over as many lines as it takes; the help may be a variable. */
const declaration = /\.(counter|gauge|histogram)\(\s*'(\w+)',\s*(?:'[^'\n]*'|\w+)\s*(?:,\s*\[([^\]]*)\])?/g
const histogramSuffixes = ['_bucket', '_sum', '_count']

/** What a source text declares. */
export function declaredMetrics(source: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, kind, name, labelList = ''] of source.matchAll(declaration)) {
    const labels = [...labelList.matchAll(/'(\w+)'/g)].map(([, label]) => label ?? '')
    const series = kind === 'histogram' ? histogramSuffixes.map((suffix) => `frontdesk_${name}${suffix}`) : [`frontdesk_${name}`]
    for (const one of series) found.set(one, new Set(one.endsWith('_bucket') ? [...labels, 'le'] : labels))
  }
  return found
}

/** What our code declares, and what every process has of its runtime. */
export async function readMetricCatalogue(root: string): Promise<MetricCatalogue> {
  const catalogue = new Map<string, ReadonlySet<string> | 'any'>([
    ['up', new Set()],
    ['ALERTS', 'any'],
  ])
  await using telemetry = createTelemetry({ service: 'metric-catalogue', logLevel: 'silent' })
  for (const { name } of telemetry.metrics.registry.getMetricsAsArray()) catalogue.set(name, 'any')
  for await (const path of glob('{packages,services}/*/src/**/*.ts', { cwd: root })) {
    if (path.endsWith('.test.ts')) continue
    for (const [name, labels] of declaredMetrics(await readFile(join(root, path), 'utf8'))) catalogue.set(name, labels)
  }
  return catalogue
}
