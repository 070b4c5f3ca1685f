import { withSpan } from '@frontdesk/telemetry'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { afterAll, expect, test } from 'vitest'
import { closeSpan, openSpans, traceToCauses } from './event-spans.ts'
import { makeNewEvent, makeReceivedEvent, receive } from './testing.ts'

const telemetry = createTestTelemetry()
afterAll(() => telemetry[Symbol.asyncDispose]())

const traced = (traceId: string) => receive({ ...makeNewEvent(), trace: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } })

test('each event of a batch has a span in its own trace, and what it causes goes on in that trace', () => {
  const first = traced('a'.repeat(32))
  const second = traced('b'.repeat(32))
  openSpans('booking', [first, second])
  const produced = [
    makeNewEvent({ causationId: second.envelope.id, correlationId: 'x' }),
    makeNewEvent({ correlationId: first.envelope.correlationId }),
    makeNewEvent({ causationId: `${second.envelope.id}.2`, correlationId: first.envelope.correlationId }),
  ]
  const traces = traceToCauses(produced, [first, second]).map((event) => event.trace?.['traceparent']?.slice(3, 35))
  expect(traces).toEqual(['b'.repeat(32), 'a'.repeat(32), 'b'.repeat(32)])

  closeSpan(first, 'done')
  closeSpan(second, 'dead', 'invalid_argument')
  const spans = telemetry.spans()
  expect(spans.map((span) => span.spanContext().traceId)).toEqual(['a'.repeat(32), 'b'.repeat(32)])
  expect(spans[1]?.attributes['frontdesk.event.outcome']).toBe('dead')
  expect(spans[1]?.status.message).toBe('invalid_argument')
})

test('an event that brings its own trace keeps it', () => {
  const cause = makeReceivedEvent()
  openSpans('booking', [cause])
  const own = { traceparent: `00-${'c'.repeat(32)}-00f067aa0ba902b7-01` }
  const [event] = traceToCauses([makeNewEvent({ causationId: cause.envelope.id, trace: own })], [cause])
  expect(event?.trace).toEqual(own)
  closeSpan(cause, 'done')
})

test('closing an event that has no span of its own leaves the span around it open', async () => {
  await withSpan('around', {}, (around) => {
    closeSpan(makeReceivedEvent(), 'ignored')
    expect(around.isRecording()).toBe(true)
    return Promise.resolve()
  })
})
