import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { sendWebhook } from '../src/dev/webhooks.ts'
import { queriesOf, rulesOf } from '../src/monitoring/check-monitoring.ts'
import { selectorsOf } from '../src/monitoring/promql.ts'
import type { Stack } from '../src/stack/stack.ts'
import { type Monitoring, startMonitoring } from './monitoring.ts'
import { startPrivateStack } from './private-stack.ts'

const infra = resolve(import.meta.dirname, '../../infra')
/** From the planted fault to the alert at Alertmanager. */
const limitMs = 60_000

test('a killed broker and a killed service are told within 60 s by the rules as they are, and so is their end', async () => {
  await using cleanUp = new AsyncDisposableStack()
  const stack = cleanUp.use(await startPrivateStack())
  const targets = Object.fromEntries([...stack.services].map(([name, { adminUrl }]) => [name, adminUrl]))
  const monitoring = cleanUp.use(await startMonitoring(targets))
  const wait = { timeoutMs: limitMs, intervalMs: 250 }

  await send(stack, 'before')
  await eventually(async () => expect(await monitoring.query('up == 1')).toHaveLength(stack.services.size), wait)
  await everyQueryReadsWhatIsExposed(monitoring)
  expect(await firing(monitoring)).toEqual([])

  const firedAfterMs: Record<string, number> = {}
  await stack.restartNats(async () => {
    await stack.services.get('booking')?.kill()
    const plantedAt = performance.now()
    // The ingress keeps what it can not publish.
    await send(stack, 'meanwhile')
    const due = [
      ...['billing', 'company-resolver', 'messaging', 'webhook-ingress'].map((name) => `BrokerAway ${name}`),
      'OutboxStalled webhook-ingress',
      'ServiceDown booking',
    ]
    await eventually(async () => {
      for (const alert of await firing(monitoring)) firedAfterMs[alert] ??= Math.round(performance.now() - plantedAt)
      expect(Object.keys(firedAfterMs).toSorted()).toEqual(due)
    }, wait)
    const told = due.map((alert) => `pager firing ${alert}`)
    await eventually(() => expect(notified(monitoring)).toEqual(told), wait)
  })
  process.stdout.write(`${JSON.stringify({ firedAfterMs })}\n`)
  expect(Math.max(...Object.values(firedAfterMs))).toBeLessThan(limitMs)

  const mendedAt = performance.now()
  await stack.restart('booking')
  await eventually(async () => expect(await firing(monitoring)).toEqual([]), wait)
  process.stdout.write(`${JSON.stringify({ resolvedAfterMs: Math.round(performance.now() - mendedAt) })}\n`)
  const resolved = notified(monitoring).map((line) => line.replace('firing', 'resolved'))
  await eventually(() => expect(notified(monitoring)).toEqual(expect.arrayContaining(resolved)), wait)
}, 240_000)

/** Names of alert and service of all that Alertmanager would tell. */
async function firing(monitoring: Monitoring): Promise<string[]> {
  const alerts = await monitoring.alerts()
  return alerts.filter(({ status }) => status.state === 'active').map(({ labels }) => `${labels['alertname']} ${labels['job'] ?? ''}`)
}

const notified = ({ notifications }: Monitoring) =>
  [...new Set(notifications.map(({ receiver, status, alertname, job }) => `${receiver} ${status} ${alertname} ${job}`))].toSorted()

async function send({ manifest }: Stack, callId: string): Promise<void> {
  const { body } = retellWebhook('call_started', { call: { call_id: `call_${callId}` } })
  const headers = { 'x-retell-signature': signRetell(body, manifest.providers.retell.apiKey, Date.now()) }
  expect(await sendWebhook(manifest, { path: '/v1/webhooks/retell', body, headers })).toMatchObject({ status: 200 })
}

/** Each query of dashboard and rules runs, and each metric in it is one that a service exposes. */
async function everyQueryReadsWhatIsExposed(monitoring: Monitoring): Promise<void> {
  const dashboard = queriesOf(await readFile(`${infra}/grafana/frontdesk.json`, 'utf8'))
  const rules = rulesOf(await readFile(`${infra}/prometheus/rules.yaml`, 'utf8'))
  const queries = [...dashboard, ...rules].map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$service', '.+'))
  await Promise.all(queries.map((expr) => monitoring.query(expr)))

  const exposed = await monitoring.exposedMetrics()
  const read = new Set(queries.flatMap(selectorsOf).map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')))
  // These two are Prometheus' own.
  expect([...read].filter((metric) => !exposed.has(metric)).toSorted()).toEqual(['ALERTS', 'up'])
}
