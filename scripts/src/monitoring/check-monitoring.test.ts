import { resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Monitoring, problemsOfMonitoring, readMonitoring } from './check-monitoring.ts'
import { declaredMetrics } from './metric-catalogue.ts'
import { selectorsOf } from './promql.ts'

let monitoring: Monitoring
beforeAll(async () => {
  monitoring = await readMonitoring(resolve(import.meta.dirname, '../../..'))
})

const replaced = (name: 'rules' | 'tests' | 'runbook' | 'readme' | 'routing' | 'dashboard', from: string, to: string): string[] => {
  const text = monitoring[name].replaceAll(from, to)
  expect(text).not.toBe(monitoring[name])
  return problemsOfMonitoring({ ...monitoring, [name]: text })
}

test('what is committed agrees with the code', () => {
  expect(problemsOfMonitoring(monitoring)).toEqual([])
})

test.each([
  ['rules', 'frontdesk_bus_connected', 'frontdesk_bus_conected', 'rules.yaml, BrokerAway: no service exposes frontdesk_bus_conected'],
  [
    'rules',
    'outcome!~"attributed|discarded"',
    'result!~"attributed|discarded"',
    'rules.yaml, QuarantineRate: frontdesk_attributions_total has no label result',
  ],
  ['rules', 'by (job, handler) (', 'by (job, handlr) (', 'rules.yaml, DeadLetters: grouped by handlr, which is no label here'],
  ['rules', 'severity: critical', 'severity: fatal', 'rules.yaml, ServiceDown: its severity is neither critical nor warning'],
  ['rules', '#brokeraway', '#elsewhere', 'rules.yaml, BrokerAway: its runbook is not infra/prometheus/runbook.md#brokeraway'],
  ['rules', 'absent(up{job="booking"})', 'absent(up{job="book"})', 'rules.yaml: ServiceDown (twice) and InstanceDown must name booking'],
  ['tests', 'alertname: BrokerAway,', 'alertname: OutboxStalled,', 'rules.test.yaml: no test sees BrokerAway not fire'],
  ['tests', 'frontdesk_inbox_dead_letters', 'frontdesk_dead_letters', 'rules.test.yaml: no service exposes frontdesk_dead_letters'],
  ['runbook', '## DeadLetters\n', '## Dead\n', 'runbook.md has no heading DeadLetters'],
  ['runbook', '## DeadLetters\n', '## Dead\n', 'runbook.md: no alert is called Dead'],
  ['readme', 'MessagesWaiting, ', '', 'infra/README.md does not list MessagesWaiting'],
  ['readme', 'MessagesWaiting, ', 'MessagesLate, ', 'infra/README.md: no alert is called MessagesLate'],
  ['routing', 'ConsumerStuck|', 'ConsumerStopped|', 'alertmanager.yaml: no alert is called ConsumerStopped'],
  [
    'dashboard',
    'frontdesk_outbox_unpublished',
    'frontdesk_outbox_waiting',
    'dashboard, Waiting in the outboxes: no service exposes frontdesk_outbox_waiting',
  ],
  ['dashboard', '"h": 8', '"h": 9', 'infra/grafana/frontdesk.json is stale: run node scripts/src/monitoring/dashboard.ts'],
] as const)('in %s, %j for %j is found', (name, from, to, problem) => {
  expect(replaced(name, from, to)).toContain(problem)
})

test('declarations are found over several lines, with their labels, and histograms as their three series', () => {
  const source = `const a = metrics.counter(\n  'a_total',\n  'Of a.',\n  ['kind', 'by'],\n)\nmetrics.gauge('b', help, [], async () => {})\nmetrics.histogram('c', 'C.', ['d'])`
  expect(Object.fromEntries(declaredMetrics(source))).toEqual({
    frontdesk_a_total: new Set(['kind', 'by']),
    frontdesk_b: new Set(),
    frontdesk_c_bucket: new Set(['d', 'le']),
    frontdesk_c_sum: new Set(['d']),
    frontdesk_c_count: new Set(['d']),
  })
})

test('an expression’s selectors are its metrics and no function, label or keyword of it', () => {
  const expr = 'sum by (job) (rate(a_total{x="b", y!~"c d{e"}[5m])) / on (job) max(b) > 0 unless absent(c) or vector(0)'
  expect(selectorsOf(expr)).toEqual([
    { metric: 'a_total', labels: ['x', 'y'] },
    { metric: 'b', labels: [] },
    { metric: 'c', labels: [] },
  ])
})
