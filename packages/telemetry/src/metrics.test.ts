import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('names get the prefix, and a name asked for again is the same metric', async () => {
  const metrics = createMetrics()
  metrics.counter('events_total', 'Events.', ['type']).inc({ type: 'a' })
  metrics.counter('frontdesk_events_total', 'Events.', ['type']).inc({ type: 'a' })
  expect((await metrics.render()).body).toContain('frontdesk_events_total{type="a"} 2')
})

test('a name can not stand for two kinds', () => {
  const metrics = createMetrics()
  metrics.counter('x_total', 'X.')
  expect(() => metrics.gauge('x_total', 'X.')).toThrow('the metric frontdesk_x_total exists and is no Gauge')
})

test('a histogram counts into its buckets', async () => {
  const metrics = createMetrics()
  metrics.histogram('rows', 'Rows.', ['table'], [1, 10]).observe({ table: 't' }, 5)
  const { body, contentType } = await metrics.render()
  expect(contentType).toContain('text/plain')
  expect(body).toContain('frontdesk_rows_bucket{le="1",table="t"} 0')
  expect(body).toContain('frontdesk_rows_bucket{le="10",table="t"} 1')
})

test('a gauge is measured at each scrape, by its newest measurement', async () => {
  const metrics = createMetrics()
  let pending = 3
  metrics.gauge('pending', 'Pending.', [], (gauge) => gauge.set(-1))
  metrics.gauge('pending', 'Pending.', [], async (gauge) => gauge.set(pending))
  expect((await metrics.render()).body).toContain('frontdesk_pending 3')
  pending = 4
  expect((await metrics.render()).body).toContain('frontdesk_pending 4')
})

test('a measurement that fails or hangs leaves its gauge out, and the rest of the scrape stands', async () => {
  const metrics = createMetrics({ collectTimeoutMs: 10 })
  let broken = false
  metrics.gauge('failing', 'Fails.', [], (gauge) => {
    if (broken) throw new Error('no database')
    gauge.set(7)
  })
  metrics.gauge('hanging', 'Hangs.', ['lane'], () => new Promise(() => {}))
  metrics.counter('fine_total', 'Fine.').inc()
  expect((await metrics.render()).body).toContain('frontdesk_failing 7')
  broken = true
  const { body } = await metrics.render()
  expect(body).not.toMatch(/^frontdesk_failing/m)
  expect(body).not.toMatch(/^frontdesk_hanging/m)
  expect(body).toContain('frontdesk_fine_total 1')
  expect(body).toContain('frontdesk_metric_collect_failures_total 3')
})

test('the process metrics tell of memory and event loop lag', async () => {
  const { body } = await createMetrics({ processMetrics: true }).render()
  expect(body).toMatch(/^process_resident_memory_bytes \d/m)
  expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds \S/m)
})
