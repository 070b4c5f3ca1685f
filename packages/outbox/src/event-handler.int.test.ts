import { withTransaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { effects, keyOf, openAnother, recordEffect, startHarness } from '../test/harness.ts'
import { oneByOne } from './one-by-one.ts'
import { inbox, outbox } from './tables.ts'
import { makeNewEvent, makeReceivedEvent, testEventId } from './testing.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())
beforeEach(async () => {
  for (const table of [effects, inbox, outbox]) await harness.database.orm.delete(table)
})

const events = (count: number) => Array.from({ length: count }, () => makeReceivedEvent())
const acks = (count: number) => Array.from({ length: count }, () => ({ kind: 'ack' }))

test('duplicates inside one batch have one effect, and all are acknowledged', async () => {
  const [a, b, c] = events(3)
  if (!a || !b || !c) throw new Error('no events')
  const settlements = await harness.handler()([a, b, a, c, b, a])
  expect(settlements).toEqual(acks(6))
  expect(await harness.effects()).toEqual([a, b, c].map(keyOf))
})

test('a batch of nothing new changes something all the same, so that its acks wait for the disk', async () => {
  const [a, b] = events(2)
  if (!a || !b) throw new Error('no events')
  const handler = harness.handler()
  await handler([a, b])
  const claims = async () => (await harness.database.orm.select({ claim: inbox.claim }).from(inbox)).map(({ claim }) => claim)
  const before = await claims()
  expect(await handler([b, a])).toEqual(acks(2))
  const after = await claims()
  expect(after.filter((claim) => !before.includes(claim))).toHaveLength(1)
  expect(await harness.effects()).toEqual([a, b].map(keyOf))
})

test('duplicates across batches, replicas and lanes have one effect', async () => {
  await using another = openAnother(harness.url, harness.telemetry)
  const batch = events(40)
  const live = harness.handler()
  const bulk = harness.handler({ database: another })
  const settlements = await Promise.all([live(batch), bulk(batch.toReversed()), live(batch.slice(10)), bulk(batch)])
  expect(settlements.flat().every((settlement) => settlement.kind === 'ack')).toBe(true)
  expect((await harness.effects()).toSorted()).toEqual(batch.map(keyOf).toSorted())
})

test('two handlers of one service each have their effect', async () => {
  const [event] = events(1)
  if (!event) throw new Error('no event')
  await harness.handler()([event])
  await harness.handler({ name: 'another-handler' })([event])
  expect(await harness.effects()).toEqual([keyOf(event), keyOf(event)])
})

test('a second revision runs again, a second copy of the first does not', async () => {
  const first = makeReceivedEvent({ id: testEventId('revised') })
  const second = makeReceivedEvent({ id: testEventId('revised'), revision: 2 })
  const handler = harness.handler()
  await handler([first])
  await handler([first, second])
  await handler([second, first])
  expect(await harness.effects()).toEqual([keyOf(first), keyOf(second)])
})

test('inbox, effect and outbox commit together or not at all', async () => {
  const batch = events(3)
  const follow = makeNewEvent()
  const failing = harness.handler({
    handle: async (tx, claimed) => {
      for (const event of claimed) await recordEffect(tx, event)
      throw new FrontdeskError('unavailable', { publicMessage: 'later' })
    },
  })
  const settlements = await failing(batch)
  expect(settlements.map((settlement) => settlement.kind)).toEqual(['retry', 'retry', 'retry'])
  expect([await harness.effects(), await harness.inboxRows(), await harness.outboxRows()]).toEqual([[], [], []])

  await harness.handler({
    handle: async (tx, claimed) => {
      for (const event of claimed) await recordEffect(tx, event)
      return [follow]
    },
  })(batch)
  expect(await harness.effects()).toHaveLength(3)
  expect((await harness.outboxRows()).map((row) => row.eventId)).toEqual([follow.id])
})

test('one throwing event in a batch of 50 does not stop the other 49', async () => {
  const batch = events(50)
  const poison = batch[17]
  const handler = harness.handler({
    handle: oneByOne((tx, event) => {
      if (event === poison) throw new TypeError('cannot read it')
      return recordEffect(tx, event)
    }),
  })
  const settlements = await handler(batch)
  expect(settlements.filter((settlement) => settlement.kind === 'ack')).toHaveLength(49)
  expect(settlements[17]?.kind).toBe('retry')
  expect((await harness.effects()).toSorted()).toEqual(
    batch
      .filter((event) => event !== poison)
      .map(keyOf)
      .toSorted(),
  )
  expect(await harness.inboxRows()).toHaveLength(49)
})

test('an event that fails for an unknown reason is dead after its eighth attempt, and never runs again', async () => {
  const event = makeReceivedEvent()
  let runs = 0
  const handler = harness.handler({
    handle: () => {
      runs++
      return Promise.reject(new TypeError('a bug of ours'))
    },
  })
  for (let deliveryCount = 1; deliveryCount < 8; deliveryCount++) {
    expect((await handler([{ ...event, deliveryCount }]))[0]?.kind).toBe('retry')
  }
  expect((await handler([{ ...event, deliveryCount: 8 }]))[0]?.kind).toBe('dead-letter')
  expect((await handler([{ ...event, deliveryCount: 1 }]))[0]?.kind).toBe('ack')
  expect(runs).toBe(8)
  const [row] = await harness.inboxRows()
  expect(row).toMatchObject({ outcome: 'dead', attempts: 8, error: 'TypeError: a bug of ours', eventType: event.envelope.type })
  expect(Buffer.from(row?.payload ?? [])).toEqual(Buffer.from(event.body))
})

test('only failures for an unknown reason count towards the eight: neither an outage nor the deliveries of others', async () => {
  const event = makeReceivedEvent()
  const other = makeReceivedEvent()
  let failure: Error = new FrontdeskError('unavailable', { publicMessage: 'later' })
  const handler = harness.handler({ handle: oneByOne(() => Promise.reject(failure)) })
  let deliveryCount = 0
  const attempt = async (failing = event) => (await handler([{ ...failing, deliveryCount: ++deliveryCount }]))[0]?.kind
  for (let times = 0; times < 20; times++) expect(await attempt()).toBe('retry')
  for (let times = 1; times < 8; times++) {
    failure = new TypeError('a bug of ours')
    expect(await attempt()).toBe('retry')
    expect(await attempt(other)).toBe('retry')
    failure = new FrontdeskError('unavailable', { publicMessage: 'later' })
    expect(await attempt()).toBe('retry')
  }
  failure = new TypeError('a bug of ours')
  expect(await attempt()).toBe('dead-letter')
  expect(await harness.inboxRows()).toMatchObject([{ outcome: 'dead', eventId: event.envelope.id }])
})

test('a handler that is mended after seven failures has its events, however often they were delivered', async () => {
  const event = makeReceivedEvent({ deliveryCount: 500 })
  let mended = false
  const handler = harness.handler({
    handle: oneByOne((tx, received) => {
      if (!mended) throw new TypeError('a bug of ours')
      return recordEffect(tx, received)
    }),
  })
  for (let times = 0; times < 7; times++) expect((await handler([event]))[0]?.kind).toBe('retry')
  mended = true
  expect((await handler([event]))[0]?.kind).toBe('ack')
  expect(await harness.effects()).toEqual([keyOf(event)])
})

test('an event that can never succeed is dead at once', async () => {
  const [bad, good] = events(2)
  if (!bad || !good) throw new Error('no events')
  const handler = harness.handler({
    handle: oneByOne((tx, event) => {
      if (event === bad) throw new FrontdeskError('invalid_argument', { publicMessage: 'The call has no number.' })
      return recordEffect(tx, event)
    }),
  })
  expect(await handler([bad, good])).toEqual([{ kind: 'dead-letter', reason: 'invalid_argument' }, { kind: 'ack' }])
  expect(await harness.effects()).toEqual([keyOf(good)])
})

test('a failure that passes by itself is retried for ever', async () => {
  const handler = harness.handler({ handle: () => Promise.reject(new FrontdeskError('unavailable', { publicMessage: 'later' })) })
  expect((await handler([makeReceivedEvent({ deliveryCount: 500 })]))[0]?.kind).toBe('retry')
  expect(await harness.inboxRows()).toEqual([])
})

test('a dead letter that cannot be written is not acknowledged', async () => {
  const handler = harness.handler({ handle: () => Promise.reject(new FrontdeskError('invalid_argument', { publicMessage: 'never' })) })
  const largerThanAnyPacket = makeReceivedEvent({ body: new Uint8Array(17_000_000) })
  expect((await handler([largerThanAnyPacket]))[0]?.kind).toBe('retry')
  expect(await harness.inboxRows()).toEqual([])
})

test('while the database is away a whole batch waits, and its events are not tried one by one', async () => {
  const database = openAnother('mysql://root@127.0.0.1:1/nowhere', harness.telemetry)
  let runs = 0
  const handler = harness.handler({
    database,
    handle: () => {
      runs++
      return Promise.resolve([])
    },
  })
  const settlements = await handler([...events(20), makeReceivedEvent({ deliveryCount: 4 })])
  expect(settlements.map((settlement) => settlement.kind)).toEqual(Array.from({ length: 21 }, () => 'retry'))
  expect(runs).toBe(0)
  await database[Symbol.asyncDispose]()
})

test('redelivered events run alone from the start', async () => {
  const sizes: number[] = []
  const handler = harness.handler({
    handle: (_tx, claimed) => {
      sizes.push(claimed.length)
      return Promise.resolve([])
    },
  })
  await handler([...events(5), makeReceivedEvent({ deliveryCount: 2 }), makeReceivedEvent({ deliveryCount: 3 })])
  expect(sizes.toSorted()).toEqual([1, 1, 5])
})

test('an event of a type the handler does not know is acknowledged and leaves no row', async () => {
  const other = makeReceivedEvent({ type: 'frontdesk.call.started.v1' })
  const known = makeReceivedEvent()
  expect(await harness.handler()([other, known])).toEqual(acks(2))
  expect(await harness.effects()).toEqual([keyOf(known)])
  expect(await harness.inboxRows()).toHaveLength(1)
  const { body } = await harness.telemetry.metrics.render()
  expect(body).toMatch(/frontdesk_inbox_events_total\{handler="test-handler",outcome="ignored"\} 1/)
})

test('a deadlock runs the batch again, with one effect for each event', async () => {
  const { database } = harness
  await database.orm.insert(effects).values([{ eventKey: 'left' }, { eventKey: 'right' }])
  const [left, right] = await database.orm.select().from(effects)
  if (!left || !right) throw new Error('no rows')
  const touch = (id: number) => `update effects set note = 'touched' where id = ${id}`
  const handlerHasLeft = Promise.withResolvers<void>()
  const rivalHasRight = Promise.withResolvers<void>()

  const rival = withTransaction(
    database,
    async (tx) => {
      // The heavier transaction survives a deadlock.
      for (let row = 0; row < 20; row++) await tx.orm.insert(effects).values({ eventKey: 'rival' })
      await tx.execute(touch(right.id), [])
      rivalHasRight.resolve()
      await handlerHasLeft.promise
      await tx.execute(touch(left.id), [])
    },
    { attempts: 1 },
  )
  let runs = 0
  const batch = events(10)
  const handler = harness.handler({
    handle: async (tx, claimed) => {
      runs++
      await rivalHasRight.promise
      await tx.execute(touch(left.id), [])
      handlerHasLeft.resolve()
      await tx.execute(touch(right.id), [])
      return oneByOne(recordEffect)(tx, claimed)
    },
  })
  expect(await handler(batch)).toEqual(acks(10))
  await rival
  expect(runs).toBe(2)
  expect((await harness.effects()).filter((key) => key.length > 10)).toEqual(batch.map(keyOf))
})

test('each handled event leaves one line with its trace, and a failed one its error', async () => {
  const traceparent = `00-${'d'.repeat(32)}-00f067aa0ba902b7-01`
  const good = makeReceivedEvent({ trace: { traceparent } })
  const bad = makeReceivedEvent()
  const handler = harness.handler({
    handle: oneByOne((tx, event) =>
      event === bad ? Promise.reject(new FrontdeskError('not_found', { publicMessage: 'gone' })) : recordEffect(tx, event),
    ),
  })
  await handler([good, bad])
  const lines = harness.telemetry.lines.filter((line) => line['msg'] === 'event handled')
  expect(lines.find((line) => line['eventId'] === good.envelope.id)).toMatchObject({
    outcome: 'done',
    trace_id: 'd'.repeat(32),
    attempt: 1,
  })
  expect(lines.find((line) => line['eventId'] === bad.envelope.id)).toMatchObject({ outcome: 'dead', err: { code: 'not_found' } })
  expect(lines.filter((line) => line['eventId'] === good.envelope.id)).toHaveLength(1)
})
