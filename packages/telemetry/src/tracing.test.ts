import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { activeTraceId, extractTrace, injectTrace } from './propagation.ts'
import { withSpan } from './spans.ts'
import { createTelemetry } from './telemetry.ts'
import { createTestTelemetry } from './testing.ts'

const silent = { write: () => {} }

test('without a collector there are ids all the same, and they travel', async () => {
  await using telemetry = createTelemetry({ service: 'a', destination: silent })
  expect(telemetry.service).toBe('a')
  const carrier: Record<string, string> = {}
  const sent = await withSpan('send', {}, async (span) => {
    injectTrace(carrier)
    return span.spanContext()
  })
  expect(carrier['traceparent']).toBe(`00-${sent.traceId}-${sent.spanId}-00`)
  const received = await withSpan('receive', { parent: extractTrace(carrier) }, async (span) => span.spanContext())
  expect(received.traceId).toBe(sent.traceId)
  expect(received.spanId).not.toBe(sent.spanId)
})

test('a caller’s decision to record is kept, with its tracestate', async () => {
  await using telemetry = createTestTelemetry()
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'
  const carrier: Record<string, string> = {}
  await withSpan('quiet', { parent: extractTrace({ traceparent, tracestate: 'vendor=1' }) }, async () => injectTrace(carrier))
  expect(carrier).toEqual({ traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-.{16}-00$/), tracestate: 'vendor=1' })
  expect(telemetry.spans()).toHaveLength(0)
})

test.each([
  {},
  { traceparent: 'garbage' },
  { traceparent: '00-00000000000000000000000000000000-b7ad6b7169203331-01' },
  { traceparent: undefined },
])('a carrier without a valid traceparent begins a new trace: %j', (carrier) => {
  expect(trace.getSpanContext(extractTrace(carrier))).toBeUndefined()
})

test('nothing is injected outside of a trace', () => {
  const carrier: Record<string, string> = {}
  injectTrace(carrier)
  expect(carrier).toEqual({})
  expect(activeTraceId()).toBeUndefined()
})

test('spans nest over awaits, and one that works side by side does not get into another', async () => {
  await using telemetry = createTestTelemetry()
  const work = (name: string) =>
    withSpan(name, { kind: SpanKind.CONSUMER, attributes: { name } }, async (span) => {
      await new Promise(setImmediate)
      expect(activeTraceId()).toBe(span.spanContext().traceId)
      await withSpan(`${name}-inner`, {}, async () => {})
    })
  await Promise.all([work('a'), work('b')])
  const byName = new Map(telemetry.spans().map((span) => [span.name, span]))
  expect(byName.get('a-inner')?.parentSpanContext?.spanId).toBe(byName.get('a')?.spanContext().spanId)
  expect(byName.get('b-inner')?.parentSpanContext?.spanId).toBe(byName.get('b')?.spanContext().spanId)
  expect(byName.get('a')?.spanContext().traceId).not.toBe(byName.get('b')?.spanContext().traceId)
  expect(byName.get('a')).toMatchObject({ kind: SpanKind.CONSUMER, attributes: { name: 'a' } })
})

test('a failure is thrown on as it was, and its span names it without its message', async () => {
  await using telemetry = createTestTelemetry()
  const failure = Object.assign(new Error('customer Ada is unknown'), { code: 'not_found' })
  await expect(withSpan('work', {}, () => Promise.reject(failure))).rejects.toBe(failure)
  const [span] = telemetry.spans()
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'not_found' })
  expect(span?.events[0]).toMatchObject({ name: 'exception' })
  expect(JSON.stringify(span?.events)).not.toContain('Ada')
})

test('work that throws before its first await ends its span, too', async () => {
  await using telemetry = createTestTelemetry()
  const throws = (): Promise<void> => {
    throw new Error('at once')
  }
  await expect(withSpan('work', {}, throws)).rejects.toThrow('at once')
  expect(telemetry.spans().map((span) => span.name)).toEqual(['work'])
})

test('the newest telemetry gets the spans, and the one before it when that is disposed', async () => {
  await using first = createTestTelemetry()
  const second = createTestTelemetry()
  await withSpan('to the second', {}, async () => {})
  expect(first.spans()).toHaveLength(0)
  expect(second.spans()).toHaveLength(1)
  await second[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
  await withSpan('to the first', {}, async () => {})
  expect(first.spans().map((span) => span.name)).toEqual(['to the first'])
})
