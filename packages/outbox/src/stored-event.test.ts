import { expect, test } from 'vitest'
import { packEvent, unpackEvent } from './stored-event.ts'
import { makeReceivedEvent } from './testing.ts'

test('an event comes out of the inbox as it went in', () => {
  const event = makeReceivedEvent({ confidence: 0.97, causationId: 'because', revision: 3, trace: { traceparent: 'x' }, entityId: 'Füße' })
  expect(unpackEvent(packEvent(event), event.body, 4)).toEqual({ ...event, deliveryCount: 4 })
})
