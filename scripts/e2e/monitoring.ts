import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startAlertmanager, startPrometheus } from '@frontdesk/testing'
import { parse, stringify } from 'yaml'

/** An alert as Alertmanager's API tells it. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly status: { readonly state: 'active' | 'suppressed' | 'unprocessed' }
}

/** What a receiver was told. */
export interface Notification {
  readonly receiver: string
  readonly status: 'firing' | 'resolved'
  readonly alertname: string
  readonly job: string
}

/** Prometheus and Alertmanager at a stack. */
export interface Monitoring extends AsyncDisposable {
  readonly notifications: readonly Notification[]
  /** What Prometheus answers to an expression, now. */
  query(expr: string): Promise<{ readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[]>
  /** Every metric that a target exposes, by its name as the target's `# TYPE` line has it. */
  exposedMetrics(): Promise<ReadonlySet<string>>
  alerts(): Promise<ActiveAlert[]>
}

const infra = resolve(import.meta.dirname, '../../infra')

/**
 * Starts both with the committed files as they are, rules, intervals, routes and all. Only what a deployment supplies is ours: the
 * targets, and in place of PagerDuty's and Slack's addresses a receiver of our own for each.
 */
export async function startMonitoring(targets: Readonly<Record<string, string>>): Promise<Monitoring> {
  await using starting = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-monitoring-'))
  starting.defer(() => rm(directory, { recursive: true, force: true }))
  const write = (path: string, content: unknown) => writeFile(join(directory, path), stringify(content))

  const inbox = starting.use(await receiveNotifications())
  const routing = parse(await readFile(join(infra, 'alertmanager/alertmanager.yaml'), 'utf8')) as { receivers: { name: string }[] }
  const receivers = routing.receivers.map(({ name }) => ({ name, webhook_configs: [{ url: inbox.url, send_resolved: true }] }))
  await write('alertmanager.yaml', { ...routing, receivers })
  const alertmanager = starting.use(
    await startAlertmanager({ configFile: join(directory, 'alertmanager.yaml'), dataDir: join(directory, 'alertmanager') }),
  )

  await mkdir(join(directory, 'targets'))
  await mkdir(join(directory, 'alertmanagers'))
  const host = (url: string) => new URL(url).host
  await write(
    'targets/frontdesk.yaml',
    Object.entries(targets).map(([job, url]) => ({ targets: [host(url)], labels: { job } })),
  )
  await write('alertmanagers/alertmanager.yaml', [{ targets: [host(alertmanager.url)] }])
  for (const file of ['prometheus.yaml', 'rules.yaml']) {
    await writeFile(join(directory, file), await readFile(join(infra, 'prometheus', file)))
  }
  const prometheus = starting.use(
    await startPrometheus({ configFile: join(directory, 'prometheus.yaml'), dataDir: join(directory, 'prometheus') }),
  )

  const owned = starting.move()
  return {
    notifications: inbox.notifications,
    async query(expr) {
      const { data } = await getJson<{ data: { result: Awaited<ReturnType<Monitoring['query']>> } }>(
        `${prometheus.url}/api/v1/query?query=${encodeURIComponent(expr)}`,
      )
      return data.result
    },
    async exposedMetrics() {
      const { data } = await getJson<{ data: { metric: string }[] }>(`${prometheus.url}/api/v1/targets/metadata`)
      return new Set(data.map(({ metric }) => metric))
    },
    alerts: () => getJson<ActiveAlert[]>(`${alertmanager.url}/api/v2/alerts`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function getJson<Body>(url: string): Promise<Body> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Body
}

interface WebhookBody {
  readonly receiver: string
  readonly alerts: readonly { readonly status: 'firing' | 'resolved'; readonly labels: Readonly<Record<string, string>> }[]
}

async function receiveNotifications(): Promise<AsyncDisposable & { url: string; notifications: Notification[] }> {
  const notifications: Notification[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const { receiver, alerts } = JSON.parse(body) as WebhookBody
      notifications.push(
        ...alerts.map(({ status, labels }) => ({ receiver, status, alertname: labels['alertname'] ?? '', job: labels['job'] ?? '' })),
      )
      response.end()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    notifications,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
