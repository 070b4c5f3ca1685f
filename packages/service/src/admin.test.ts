import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { expect, test } from 'vitest'
import { startAdmin } from './admin.ts'
import type { AdminOptions } from './admin.ts'

async function start(ready: AdminOptions['ready']) {
  const telemetry = createTestTelemetry()
  const admin = await startAdmin({ port: 0, host: '127.0.0.1', telemetry, ready, readyTimeoutMs: 50 })
  return {
    telemetry,
    get: (path: string) => fetch(admin.url + path),
    async [Symbol.asyncDispose]() {
      await admin[Symbol.asyncDispose]()
      await telemetry[Symbol.asyncDispose]()
    },
  }
}

test('a process that is not ready is alive, and says what it waits for', async () => {
  let mysql = 'connecting'
  await using admin = await start(() => ({ ready: mysql === 'ok', checks: { mysql } }))
  expect((await admin.get('/healthz')).status).toBe(200)
  const before = await admin.get('/readyz')
  expect(before.status).toBe(503)
  expect(await before.json()).toEqual({ ready: false, checks: { mysql: 'connecting' } })
  mysql = 'ok'
  const after = await admin.get('/readyz')
  expect(after.status).toBe(200)
  expect(await after.json()).toEqual({ ready: true, checks: { mysql: 'ok' } })
})

test.each([
  ['throws', () => Promise.reject(new Error('Access denied for root@db'))],
  [
    'throws at once',
    () => {
      throw new Error('Access denied for root@db')
    },
  ],
  ['does not answer', () => new Promise<never>(() => {})],
])('readiness that %s is not ready, in time, and leaks nothing', async (_how, ready) => {
  await using admin = await start(ready)
  const response = await admin.get('/readyz')
  expect(response.status).toBe(503)
  expect(await response.text()).toBe('{"ready":false,"checks":{"readiness":"could not be told"}}')
  expect(admin.telemetry.lines).toMatchObject([{ level: 'warn', msg: 'readiness could not be told' }])
})

test('metrics are in the Prometheus text format, and probes do not count as requests', async () => {
  await using admin = await start(() => ({ ready: true, checks: {} }))
  admin.telemetry.metrics.counter('events_total', 'Events.').inc()
  await admin.get('/healthz')
  const response = await admin.get('/metrics')
  const body = await response.text()
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(body).toContain('frontdesk_events_total 1')
  expect(body).not.toContain('http_request_seconds')
})

test('a scrape tells whether it is ready, though readiness throws or does not answer', async () => {
  let answer: () => Promise<{ ready: boolean; checks: Record<string, string> }> = async () => ({ ready: true, checks: {} })
  await using admin = await start(() => answer())
  const scraped = async () => /^frontdesk_ready (\d)$/m.exec(await (await admin.get('/metrics')).text())?.[1]
  expect(await scraped()).toBe('1')
  answer = async () => ({ ready: false, checks: {} })
  expect(await scraped()).toBe('0')
  answer = () => Promise.reject(new Error('no database'))
  expect(await scraped()).toBe('0')
  answer = () => new Promise(() => undefined)
  expect(await scraped()).toBe('0')
})

test('any other path is not found', async () => {
  await using admin = await start(() => ({ ready: true, checks: {} }))
  expect((await admin.get('/')).status).toBe(404)
})
