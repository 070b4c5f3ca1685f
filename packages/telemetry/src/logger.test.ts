import { expect, test } from 'vitest'
import { createTestTelemetry } from './testing.ts'
import { withSpan } from './spans.ts'

test('a line carries level, service, ISO time, fields and message', async () => {
  await using telemetry = createTestTelemetry({ service: 'booking' })
  telemetry.logger.info({ eventId: 'e1' }, 'event handled')
  expect(telemetry.lines).toEqual([
    { level: 'info', service: 'booking', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), eventId: 'e1', msg: 'event handled' },
  ])
})

test('a line inside a span carries its ids, and one outside none', async () => {
  await using telemetry = createTestTelemetry()
  const ids = await withSpan('work', {}, async (span) => {
    telemetry.logger.info('inside')
    return span.spanContext()
  })
  telemetry.logger.info('outside')
  const [inside, outside] = telemetry.lines
  expect(inside).toMatchObject({ trace_id: ids.traceId, span_id: ids.spanId })
  expect(outside).not.toHaveProperty('trace_id')
})

test("secrets are hidden in a line, in a child's bindings and in what an error caused", async () => {
  await using telemetry = createTestTelemetry()
  const child = telemetry.logger.child({ token: 'hunter2', deep: { apiKey: 'hunter2' }, worker: 1 })
  child.warn({ request: { headers: { authorization: 'hunter2' } } }, 'refused')
  expect(JSON.stringify(telemetry.lines)).not.toContain('hunter2')
  expect(telemetry.lines[0]).toMatchObject({ worker: 1, token: '[redacted]' })
})

test.each(['err', 'error'])('an error under %s is serialized with code and cause', async (key) => {
  await using telemetry = createTestTelemetry()
  telemetry.logger.error({ [key]: Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'E_OUTER' }) }, 'failed')
  expect(telemetry.lines[0]?.[key]).toMatchObject({ code: 'E_OUTER', cause: { message: 'inner' } })
})
