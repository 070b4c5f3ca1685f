import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { beforeEach, expect, test } from 'vitest'
import type { Finding } from '../src/doctor/finding.ts'
import { skewFinding } from '../src/doctor/skew.ts'
import { companyEvent, startBroker, type Broker } from './broker.ts'
import { startStack, type Answers, type Stack } from './stack.ts'
import { run } from './terminal.ts'

let broker: Broker
let stack: Stack | undefined
let http: { url: string; ready: boolean; date: Date; ageSeconds: number | undefined; close: () => void }

beforeEach(async () => {
  broker = await startBroker()
  const server = createServer((request, response) => {
    response.setHeader('date', http.date.toUTCString())
    if (request.url === '/metrics') void metricsPage(http.ageSeconds).then((page) => response.end(page))
    else response.writeHead(http.ready ? 200 : 503).end('{"checks":{"mysql":"ok"}}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  http = { url, ready: true, date: new Date(), ageSeconds: 0, close: () => server.close() }
  return async () => {
    http.close()
    await stack?.[Symbol.asyncDispose]()
    await broker[Symbol.asyncDispose]()
  }
})

/** As a service's admin server shows it. */
async function metricsPage(ageSeconds: number | undefined): Promise<string> {
  await using telemetry = createTestTelemetry()
  if (ageSeconds !== undefined) telemetry.metrics.gauge('outbox_oldest_unpublished_age_seconds', 'How old.').set(ageSeconds)
  return (await telemetry.metrics.render()).body
}

const healthy: Answers = {
  operations: { getConservation: () => Promise.resolve({ counts: { handled: 3n }, unpublished: 0n }) },
  attribution: { listQuarantine: () => Promise.resolve({ attributions: [] }) },
}

async function examine(answers: Answers = healthy, options: { now?: Date; manifest?: object } = {}) {
  const manifest = {
    nats: { url: broker.nats.url },
    ingress: { url: http.url },
    admin: { booking: http.url },
    providers: { retell: { apiKey: 'k' }, stripe: { webhookSecret: 's' }, whatsapp: { appSecret: 'a' } },
    ...options.manifest,
  }
  stack = await startStack({ ...answers, manifest })
  const { code, out } = await run(['doctor', '--json'], { cwd: stack.directory, now: () => options.now ?? new Date() })
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  return { code, findings, wrong: findings.filter(({ status }) => status !== 'ok') }
}

test('where all is well it says so of each thing, exit code 0', async () => {
  const { code, findings, wrong } = await examine()
  expect([code, wrong]).toEqual([0, []])
  const checks = findings.map(({ check }) => check)
  for (const one of ['settings', 'nats', 'topology', 'jetstream', 'clock of nats', 'consumer COMPANY/booking', 'rpc of billing']) {
    expect(checks).toContain(one)
  }
  for (const one of ['outbox of messaging', 'readiness of booking', 'quarantine', 'ingress', 'clock of ingress', 'secret of retell']) {
    expect(checks).toContain(one)
  }
})

test('what waits for a person is a warning with the command to run, exit code 0', async () => {
  const { code, wrong } = await examine(
    {
      operations: { getConservation: () => Promise.resolve({ counts: { dead: 2n }, unpublished: 4n }) },
      attribution: { listQuarantine: () => Promise.resolve({ attributions: [{ eventId: 'ab'.repeat(32) }] }) },
    },
    { manifest: { providers: {} } },
  )
  expect(code).toBe(0)
  expect(wrong).toContainEqual({
    check: 'dead letters of booking',
    status: 'warn',
    detail: '2',
    fix: 'pnpm frontdesk deadletters list --service booking',
  })
  expect(wrong).toContainEqual(expect.objectContaining({ check: 'outbox of billing', status: 'warn' }))
  expect(wrong).toContainEqual(expect.objectContaining({ check: 'quarantine', fix: 'pnpm frontdesk quarantine list' }))
  expect(wrong).toContainEqual(expect.objectContaining({ check: 'secret of retell', status: 'warn' }))
})

test('a missing durable, a service that is not ready, and an outbox that has aged fail, with what to do', async () => {
  await (await broker.bus.manager()).consumers.delete('COMPANY', 'billing')
  http.ready = false
  http.ageSeconds = 90
  const { code, wrong } = await examine()
  expect(code).toBe(1)
  expect(wrong).toContainEqual({
    check: 'topology',
    status: 'fail',
    detail: 'the services can not work with COMPANY/billing (missing)',
    fix: 'pnpm frontdesk streams apply',
  })
  expect(wrong).toContainEqual(expect.objectContaining({ check: 'readiness of booking', status: 'fail' }))
  expect(wrong).toContainEqual(expect.objectContaining({ check: 'outbox of booking', detail: 'an event waits for the broker since 90 s' }))
})

test('a service whose metrics do not tell how old its outbox is, is a warning and not well', async () => {
  http.ageSeconds = undefined
  const { code, wrong } = await examine()
  expect(code).toBe(0)
  expect(wrong).toEqual([expect.objectContaining({ check: 'outbox of booking', status: 'warn' })])
})

test('a consumer that has work and does none is stuck', async () => {
  await broker.bus.publish([companyEvent({ seed: '1' })])
  const { wrong } = await examine(healthy, { now: new Date(Date.now() + 90_000) })
  expect(wrong).toContainEqual(
    expect.objectContaining({ check: 'consumer COMPANY/billing', status: 'fail', fix: 'Start its service: nobody pulls' }),
  )
})

test('without a broker, services or settings each is a failure that says how to go on', async () => {
  const { code, out, err } = await run(['doctor', '--nats', 'nats://127.0.0.1:1'])
  expect(code).toBe(1)
  expect(err).toMatch(/^error: \d+ of \d+ checks failed\.$/)
  expect(out).toContain('warn  settings')
  expect(out).toMatch(/fail {2}nats .*\n {6}→ The URL of NATS is nats:\/\/127\.0\.0\.1:1/)
  expect(out).toContain('FRONTDESK_BOOKING_ADDRESS')
})

test('a token that is no good fails', async () => {
  stack = await startStack({ ...healthy, manifest: { nats: { url: broker.nats.url } } })
  const { out } = await run(['doctor', '--token', 'hunter2'], { cwd: stack.directory, now: () => new Date() })
  expect(out).toMatch(/fail {2}rpc of booking .*token_invalid.*\n {6}→ The token is from --token/)
  expect(out).not.toContain('hunter2')
})

test('clocks may be two seconds apart, and fail long before signatures do', () => {
  const at = (offMs: number) => skewFinding('clock', 1_000_000 + offMs, 1_000_000, 1_000_010, 1_000).status
  expect([0, -1_000, 1_900, 2_100, -3_100, 140_000, 151_000].map((offMs) => at(offMs))).toEqual([
    'ok',
    'ok',
    'ok',
    'warn',
    'warn',
    'warn',
    'fail',
  ])
})
