import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { renderDashboard } from './dashboard.ts'
import { type MetricCatalogue, readMetricCatalogue } from './metric-catalogue.ts'
import { problemsOf } from './promql.ts'

// What promtool and amtool can't know: which metrics there are, which services, and whether each alert leads to a heading of the runbook.

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels?: { readonly severity?: string }
  readonly annotations?: { readonly summary?: string; readonly runbook?: string }
}
interface RuleTest {
  readonly input_series: readonly { readonly series: string }[]
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[]
}

/** The files under infra/, as texts, and what they have to agree with. */
export interface Monitoring {
  readonly rules: string
  readonly tests: string
  readonly runbook: string
  /** infra/README.md, whose table lists the alerts. */
  readonly readme: string
  readonly routing: string
  readonly dashboard: string
  readonly catalogue: MetricCatalogue
  /** Those that run in production. */
  readonly services: readonly string[]
}

/** Reads what is checked. */
export async function readMonitoring(root: string): Promise<Monitoring> {
  const text = (path: string) => readFile(join(root, 'infra', path), 'utf8')
  const services = await readdir(join(root, 'services'))
  return {
    rules: await text('prometheus/rules.yaml'),
    tests: await text('prometheus/rules.test.yaml'),
    runbook: await text('prometheus/runbook.md'),
    readme: await text('README.md'),
    routing: await text('alertmanager/alertmanager.yaml'),
    dashboard: await text('grafana/frontdesk.json'),
    catalogue: await readMetricCatalogue(root),
    services: services.filter((name) => name !== 'provider-sandbox'),
  }
}

/** Every problem of rules, tests, runbook and dashboard. */
export function problemsOfMonitoring(monitoring: Monitoring): string[] {
  const rules = rulesOf(monitoring.rules)
  return [
    ...rules.flatMap((rule) => problemsOfRule(rule, monitoring)),
    ...problemsOfTests(rules, monitoring),
    ...problemsOfRunbook(rules, monitoring.runbook),
    ...problemsOfReadme(rules, monitoring.readme),
    ...problemsOfRouting(rules, monitoring.routing),
    ...problemsOfServices(rules, monitoring.services),
    ...queriesOf(monitoring.dashboard).flatMap(({ panel, expr }) =>
      problemsOf(expr, monitoring.catalogue).map((problem) => `dashboard, ${panel}: ${problem}`),
    ),
    ...(monitoring.dashboard === renderDashboard()
      ? []
      : ['infra/grafana/frontdesk.json is stale: run node scripts/src/monitoring/dashboard.ts']),
  ]
}

/** Every alert of a rule file. */
export function rulesOf(text: string): Rule[] {
  return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules)
}

/** Every query of a dashboard, with its panel's title. */
export function queriesOf(dashboard: string): { readonly panel: string; readonly expr: string }[] {
  const { panels } = JSON.parse(dashboard) as { panels: { title: string; targets?: { expr: string }[] }[] }
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ panel: title, expr })))
}

const anchorOf = (alert: string) => `infra/prometheus/runbook.md#${alert.toLowerCase()}`

function problemsOfRule({ alert, expr, labels, annotations }: Rule, { catalogue }: Monitoring): string[] {
  const problems = problemsOf(expr, catalogue)
  if (!['critical', 'warning'].includes(labels?.severity ?? '')) problems.push('its severity is neither critical nor warning')
  if (!annotations?.summary) problems.push('it has no summary')
  if (annotations?.runbook !== anchorOf(alert)) problems.push(`its runbook is not ${anchorOf(alert)}`)
  return problems.map((problem) => `rules.yaml, ${alert}: ${problem}`)
}

function problemsOfTests(rules: readonly Rule[], { tests, catalogue }: Monitoring): string[] {
  const parsed = (parse(tests) as { tests: RuleTest[] }).tests
  const cases = parsed.flatMap((test) => test.alert_rule_test)
  return [
    ...parsed
      .flatMap((test) => test.input_series)
      .flatMap(({ series }) => problemsOf(series, catalogue).map((problem) => `rules.test.yaml: ${problem}`)),
    ...rules.flatMap(({ alert }) => {
      const of = cases.filter(({ alertname }) => alertname === alert).map(({ exp_alerts: expected = [] }) => expected.length > 0)
      return [
        ...(of.includes(true) ? [] : [`rules.test.yaml: no test sees ${alert} fire`]),
        ...(of.includes(false) ? [] : [`rules.test.yaml: no test sees ${alert} not fire`]),
      ]
    }),
  ]
}

function problemsOfRunbook(rules: readonly Rule[], runbook: string): string[] {
  const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '')
  const alerts = rules.map(({ alert }) => alert)
  return [
    ...alerts.filter((alert) => !headings.includes(alert)).map((alert) => `runbook.md has no heading ${alert}`),
    ...headings.filter((heading) => !alerts.includes(heading)).map((heading) => `runbook.md: no alert is called ${heading}`),
  ]
}

function problemsOfReadme(rules: readonly Rule[], readme: string): string[] {
  const listed = new Set(
    [...readme.matchAll(/^\| ([A-Z][\w, ]*?) +\| (?:critical|warning)\b/gm)].flatMap(([, alerts = '']) => alerts.split(', ')),
  )
  const alerts = rules.map(({ alert }) => alert)
  return [
    ...alerts.filter((alert) => !listed.has(alert)).map((alert) => `infra/README.md does not list ${alert}`),
    ...[...listed].filter((alert) => !alerts.includes(alert)).map((alert) => `infra/README.md: no alert is called ${alert}`),
  ]
}

/** An alert that nobody raises inhibits nothing, and says nothing of it. */
function problemsOfRouting(rules: readonly Rule[], routing: string): string[] {
  const alerts = new Set(rules.map(({ alert }) => alert))
  const named = [...routing.matchAll(/alertname=~?"([^"]*)"/g)].flatMap(([, names = '']) => names.split('|'))
  return named.filter((name) => !alerts.has(name)).map((name) => `alertmanager.yaml: no alert is called ${name}`)
}

/** A service that is gone altogether is missed only by a rule that knows its name. */
function problemsOfServices(rules: readonly Rule[], services: readonly string[]): string[] {
  const down = rules.find(({ alert }) => alert === 'ServiceDown')?.expr ?? ''
  const instance = rules.find(({ alert }) => alert === 'InstanceDown')?.expr ?? ''
  const listed = (expr: string) => /job=~"([^"]*)"/.exec(expr)?.[1]?.split('|') ?? []
  return services.flatMap((name) =>
    listed(down).includes(name) && listed(instance).includes(name) && down.includes(`absent(up{job="${name}"})`)
      ? []
      : [`rules.yaml: ServiceDown (twice) and InstanceDown must name ${name}`],
  )
}

if (import.meta.main) {
  const problems = problemsOfMonitoring(await readMonitoring(resolve(import.meta.dirname, '../../..')))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
