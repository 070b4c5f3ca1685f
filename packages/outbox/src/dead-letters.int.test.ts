import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { busWithoutBroker, effects, keyOf, openAnother, recordEffect, startHarness } from '../test/harness.ts'
import { buryEvents } from './bury.ts'
import { listDeadLetters } from './dead-letters.ts'
import { countHandled } from './inbox.ts'
import { oneByOne } from './one-by-one.ts'
import { createOperations } from './operations.ts'
import { createOutbox } from './outbox.ts'
import { redrive } from './redrive.ts'
import { inbox, outbox } from './tables.ts'
import { makeNewEvent, makeReceivedEvent } from './testing.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())
beforeEach(async () => {
  for (const table of [effects, inbox, outbox]) await harness.database.orm.delete(table)
})

const refuse = () => Promise.reject(new FrontdeskError('invalid_argument', { publicMessage: 'It has no number.' }))

/** Buries so many events with a handler that refuses them all. */
async function bury(count: number) {
  const events = Array.from({ length: count }, () => makeReceivedEvent({ payload: { summary: 'Termin für Färben' } }))
  await harness.handler({ handle: refuse })(events)
  return events
}

function keyOfLetter(event: ReturnType<typeof makeReceivedEvent>) {
  return { handler: 'test-handler', eventId: event.envelope.id, revision: event.envelope.revision }
}

/** What the server has sent over the one connection of this pool. */
async function bytesSent(database: Harness['database']): Promise<number> {
  const [rows] = await database.orm.execute("show session status like 'Bytes_sent'")
  return Number((rows as unknown as { Value: string }[])[0]?.Value)
}

async function failureOf(work: Promise<unknown>): Promise<FrontdeskError> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!isFrontdeskError(error)) throw new Error('it did not fail as expected', { cause: error })
  return error
}

test('a letter that is there already stays as it is, but that its commit waits for the disk', async () => {
  const [event] = await bury(1)
  if (!event) throw new Error('no event')
  const [before] = await harness.database.orm.select().from(inbox)
  await buryEvents(harness.database, 'test-handler', [{ event, error: new Error('another') }], new Date())
  const [after] = await harness.database.orm.select().from(inbox)
  expect(after).toEqual({ ...before, claim: after?.claim })
  expect(after?.claim).not.toEqual(before?.claim)
})

test('a redrive runs the handler with the event as it came, and its effects and outbox rows commit with the letter’s end', async () => {
  const [event] = await bury(1)
  if (!event) throw new Error('no event')
  const follow = makeNewEvent()
  const handler = harness.handler({
    handle: async (tx, events) => {
      await recordEffect(tx, events[0] ?? event)
      expect(events).toEqual([{ ...event, deliveryCount: 2 }])
      return [follow]
    },
  })
  await redrive({ database: harness.database, handlers: [handler] }, keyOfLetter(event))
  expect(await harness.effects()).toEqual([keyOf(event)])
  expect((await harness.outboxRows()).map((row) => row.eventId)).toEqual([follow.id])
  expect(await countHandled(harness.database)).toEqual({ handled: 1n, dead: 0n })
  const [row] = await harness.inboxRows()
  expect(row).toMatchObject({ outcome: 'done', attempts: 2, envelope: null, payload: null, error: null })
})

test('of ten redrives at once exactly one runs the handler', async () => {
  const [event] = await bury(1)
  if (!event) throw new Error('no event')
  const dependencies = { database: harness.database, handlers: [harness.handler()] }
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => redrive(dependencies, keyOfLetter(event))))
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  for (const result of results) if (result.status === 'rejected') expect(isFrontdeskError(result.reason, 'not_found')).toBe(true)
  expect(await harness.effects()).toEqual([keyOf(event)])
})

test('a redrive that fails again keeps the letter, with the new error', async () => {
  const [event] = await bury(1)
  if (!event) throw new Error('no event')
  const handler = harness.handler({ handle: oneByOne(() => Promise.reject(new RangeError('still broken'))) })
  const failure = await failureOf(redrive({ database: harness.database, handlers: [handler] }, keyOfLetter(event)))
  expect(failure.code).toBe('failed_precondition')
  const [row] = await harness.inboxRows()
  expect(row).toMatchObject({ outcome: 'dead', attempts: 2 })
  expect(row?.error).toContain('still broken')
  expect(await harness.effects()).toEqual([])
})

test('a redrive that fails for the moment changes nothing', async () => {
  const [event] = await bury(1)
  if (!event) throw new Error('no event')
  const before = await harness.inboxRows()
  const handler = harness.handler({ handle: () => Promise.reject(new FrontdeskError('unavailable', { publicMessage: 'later' })) })
  const failure = await failureOf(redrive({ database: harness.database, handlers: [handler] }, keyOfLetter(event)))
  expect(failure.code).toBe('unavailable')
  expect(await harness.inboxRows()).toEqual(before)
})

test('an unknown handler, an unknown event and a handled event look the same', async () => {
  const [event] = await bury(1)
  if (!event) throw new Error('no event')
  const dependencies = { database: harness.database, handlers: [harness.handler()] }
  const unknown = [{ ...keyOfLetter(event), handler: 'nobody' }, { ...keyOfLetter(event), revision: 2 }, keyOfLetter(makeReceivedEvent())]
  for (const key of unknown) expect((await failureOf(redrive(dependencies, key))).code).toBe('not_found')
})

test('dead letters are listed newest first, each once, over pages that cut through equal times', async () => {
  const sameTime = new Date('2026-11-22T10:00:00.000Z')
  const events = Array.from({ length: 7 }, () => makeReceivedEvent())
  await harness.handler({ handle: refuse, clock: () => sameTime })(events)
  const newest = await bury(1)
  const listed: string[] = []
  let before: string | undefined
  do {
    const page = await listDeadLetters(harness.database, { limit: 3, ...(before !== undefined && { before }) })
    listed.push(...page.deadLetters.map((letter) => letter.eventId))
    before = page.next
  } while (before !== undefined)
  expect(listed[0]).toBe(newest[0]?.envelope.id)
  expect(listed.slice(1).toSorted()).toEqual(events.map((event) => event.envelope.id).toSorted())
})

test('a page ends before its payloads grow too large for one answer, and the next goes on from there', async () => {
  const events = Array.from({ length: 5 }, () => makeReceivedEvent({ body: new Uint8Array(900_000) }))
  await harness.handler({ handle: refuse })(events)
  const first = await listDeadLetters(harness.database, { limit: 50 })
  expect(first.deadLetters).toHaveLength(2)
  const second = await listDeadLetters(harness.database, { limit: 50, before: first.next ?? '' })
  expect(second.deadLetters).toHaveLength(2)
  const third = await listDeadLetters(harness.database, { limit: 50, before: second.next ?? '' })
  expect(third).toMatchObject({ deadLetters: [{ revision: 1 }] })
  expect(third.next).toBeUndefined()
})

test('of the payloads only those of the page are read', async () => {
  const events = Array.from({ length: 12 }, () => makeReceivedEvent({ body: new Uint8Array(900_000) }))
  await harness.handler({ handle: refuse })(events)
  await using alone = openAnother(harness.url, harness.telemetry, 1)
  const before = await bytesSent(alone)
  expect((await listDeadLetters(alone, { limit: 200 })).deadLetters).toHaveLength(2)
  expect((await bytesSent(alone)) - before).toBeLessThan(2_500_000)
})

test('a letter of any size is listed, alone', async () => {
  const large = new Uint8Array(2_500_000)
  await harness.handler({ handle: refuse })([makeReceivedEvent({ body: large }), makeReceivedEvent({ body: large })])
  const { deadLetters, next } = await listDeadLetters(harness.database, { limit: 50 })
  expect(deadLetters.map((letter) => letter.payload.length)).toEqual([2_500_000])
  expect(next).toBeDefined()
})

test('the operations answer in terms of the contract’s messages', async () => {
  await using bus = busWithoutBroker(harness.telemetry)
  await using events = createOutbox({ database: harness.database, bus, telemetry: harness.telemetry, source: 'frontdesk/test' })
  const operations = createOperations({
    database: harness.database,
    outbox: events,
    handlers: [harness.handler()],
    counts: () => Promise.resolve({ attributed: 5n }),
  })
  const [event] = await bury(1)
  if (!event) throw new Error('no event')
  await harness.handler()([makeReceivedEvent(), makeReceivedEvent()])
  expect(await operations.getConservation({})).toEqual({ counts: { attributed: 5n, handled: 2n, dead: 1n }, unpublished: 0n })

  const listed = await operations.listDeadLetters({ pageSize: 0, pageToken: '' })
  expect(listed.nextPageToken).toBe('')
  expect(listed.deadLetters).toMatchObject([{ handler: 'test-handler', eventId: event.envelope.id, attempts: 1 }])
  expect(JSON.parse(listed.deadLetters[0]?.payload ?? '')).toMatchObject({ summary: 'Termin für Färben' })

  expect(await operations.redriveDeadLetter({ handler: 'test-handler', eventId: event.envelope.id, revision: 1 })).toEqual({})
  expect(await operations.getConservation({})).toMatchObject({ counts: { handled: 3n, dead: 0n } })
})

test('operations refuse what is not an event id or a page token of theirs', async () => {
  await using bus = busWithoutBroker(harness.telemetry)
  await using events = createOutbox({ database: harness.database, bus, telemetry: harness.telemetry, source: 'frontdesk/test' })
  const base = { database: harness.database, outbox: events, counts: () => Promise.resolve({}) }
  const operations = createOperations({ ...base, handlers: [harness.handler()] })
  for (const pageSize of [201, 4_294_967_295]) {
    expect((await failureOf(operations.listDeadLetters({ pageSize, pageToken: '' }))).code).toBe('invalid_argument')
  }
  expect((await operations.listDeadLetters({ pageSize: 200, pageToken: '' })).deadLetters).toEqual([])
  const notAnId = operations.redriveDeadLetter({ handler: 'test-handler', eventId: 'ABC', revision: 1 })
  expect((await failureOf(notAnId)).code).toBe('invalid_argument')
  for (const pageToken of ['x', Buffer.from('[1,2]').toString('base64url'), Buffer.from('{}').toString('base64url')]) {
    expect((await failureOf(operations.listDeadLetters({ pageSize: 5, pageToken }))).code).toBe('invalid_argument')
  }
  const withoutHandlers = createOperations({ ...base, handlers: [] })
  expect((await failureOf(withoutHandlers.listDeadLetters({ pageSize: 201, pageToken: '' }))).code).toBe('invalid_argument')
  expect(await withoutHandlers.listDeadLetters({ pageSize: 5, pageToken: '' })).toEqual({ deadLetters: [], nextPageToken: '' })
  expect(await withoutHandlers.getConservation({})).toEqual({ counts: {}, unpublished: 0n })
})
