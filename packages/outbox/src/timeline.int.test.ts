import type { EventId } from '@frontdesk/contracts'
import { explain } from '@frontdesk/database/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, busWithoutBroker, startHarness } from '../test/harness.ts'
import { firstRowSince, rowsOf } from './appended.ts'
import { createAppend } from './append.ts'
import { createOperations, type OperationsOptions } from './operations.ts'
import { createOutbox } from './outbox.ts'
import { outbox } from './tables.ts'
import { makeNewEvent, makeReceivedEvent, testEventId } from './testing.ts'
import { handlingsOf, producedOf } from './timeline.ts'

const start = new Date('2026-11-22T10:00:00Z')
const after = (ms: number) => new Date(start.getTime() + ms)
let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

/** Events appended one after the other, each at its time. */
async function appendAt(times: readonly Date[]) {
  const events = times.map(() => makeNewEvent())
  for (const [index, event] of events.entries()) {
    const clock = () => times[index] ?? start
    await append(harness.database, { append: createAppend({ source: 'x', sweepAgeMs: 1, clock, afterCommit: () => undefined }) }, [event])
  }
  return events
}

async function operations(more: Partial<OperationsOptions> = {}) {
  await using bus = busWithoutBroker(harness.telemetry)
  await using events = createOutbox({ database: harness.database, bus, telemetry: harness.telemetry, source: 'frontdesk/test' })
  return createOperations({
    database: harness.database,
    outbox: events,
    handlers: [harness.handler()],
    counts: () => Promise.resolve({}),
    ...more,
  })
}

test('a timeline has who handled an event and what came of it, and nothing of another event', async () => {
  const followed = testEventId('followed')
  const [handled, other] = [makeReceivedEvent({ id: followed }), makeReceivedEvent()]
  await harness.handler()([handled, other])
  await append(harness.database, harness.unpublished, [
    makeNewEvent({ correlationId: followed, causationId: followed, type: 'frontdesk.appointment.confirmed.v1' }),
    makeNewEvent(),
  ])
  const timeline = await (await operations()).getTimeline({ eventIds: [followed] })
  expect(timeline.handled).toMatchObject([{ handler: 'test-handler', eventId: followed, outcome: 'done', attempts: 1, error: '' }])
  expect(timeline.produced).toMatchObject([
    { eventType: 'frontdesk.appointment.confirmed.v1', causationId: followed, publishedAt: undefined, stream: '', failures: 0 },
  ])
})

test.each([[[]], [['x']], [Array.from({ length: 65 }, (_, index) => testEventId(index))]])(
  'ids that are none, or too many, are refused by name',
  async (eventIds) => {
    const refused = (async () => (await operations()).getTimeline({ eventIds }))()
    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument', publicMessage: expect.stringContaining('event_ids') })
  },
)

test('rows are found by when they were appended, late ones too, without an index of their ids', async () => {
  await harness.database.orm.delete(outbox)
  const events = await appendAt([0, 1_000, 1_000, 60_000, 120_000, 121_000].map(after))
  const ids = (await harness.outboxRows()).map(({ id }) => id)
  expect(await firstRowSince(harness.database, after(-1))).toBe(ids[0])
  expect(await firstRowSince(harness.database, after(1_000))).toBe(ids[1])
  expect(await firstRowSince(harness.database, after(1_001))).toBe(ids[3])
  expect(await firstRowSince(harness.database, after(200_000))).toBe((ids[5] ?? 0n) + 1n)

  const eventIds = events.map(({ id }) => id)
  const at = (index: number, ms: number) => ({ eventId: eventIds[index] as EventId, revision: 1, at: after(ms) })
  // The one of 120 s was received at 0.1 s: its commit waited for two minutes.
  const nowhere = { ...at(1, 0), eventId: testEventId('nowhere') }
  const found = await rowsOf(harness.database, [at(5, 121_000), at(4, 100), at(1, 999), nowhere, { ...at(1, 999), revision: 2 }])
  expect(found.map(({ id }) => id)).toEqual([ids[1], ids[4], ids[5]])

  const timeline = await (
    await operations({ handlers: [], appended: async () => [at(3, 59_990)] })
  ).getTimeline({
    eventIds: [eventIds[3] as EventId],
  })
  expect(timeline).toMatchObject({ handled: [], produced: [{ eventId: eventIds[3] }] })
})

test('both reads of a timeline follow an index', async () => {
  const { orm } = harness.database
  const ids = [testEventId('followed')]
  for (const [query, key] of [
    [handlingsOf(orm, ['test-handler'], ids), 'PRIMARY'],
    [producedOf(orm, ids), 'outbox_by_correlation'],
  ] as const) {
    const [step] = await explain(harness.database, query)
    expect(step).toMatchObject({ key })
  }
})
