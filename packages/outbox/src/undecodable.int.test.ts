import type { UndecodableMessage } from '@frontdesk/bus'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { isFrontdeskError } from '@frontdesk/errors'
import { eventually, startNats } from '@frontdesk/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { effects, openAnother, startHarness } from '../test/harness.ts'
import { listDeadLetters } from './dead-letters.ts'
import { createOperations } from './operations.ts'
import { redrive } from './redrive.ts'
import { inbox, outbox } from './tables.ts'
import { keepUndecodable } from './undecodable.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())
beforeEach(async () => {
  for (const table of [effects, inbox, outbox]) await harness.database.orm.delete(table)
})

const junk: UndecodableMessage = {
  stream: 'COMPANY',
  subject: 'company.x.call.analyzed',
  headers: { 'ce-id': ['x', 'y'] },
  body: Uint8Array.from([0xff, 0x00, 0xc3]),
  deliveryCount: 3,
  streamSequence: 7n,
  error: new TypeError('ce-specversion is missing'),
}

function keeper() {
  return keepUndecodable({ database: harness.database, handler: harness.handler() })
}

test('what can not be read is kept as a dead letter with its body, headers and error, and listed', async () => {
  await keeper()(junk)
  const [row] = await harness.inboxRows()
  expect(row).toMatchObject({ handler: 'test-handler', outcome: 'dead', revision: 1, companyId: null })
  expect(JSON.parse(Buffer.from(row?.envelope ?? []).toString())).toEqual({
    stream: 'COMPANY',
    streamSequence: '7',
    subject: 'company.x.call.analyzed',
    headers: { 'ce-id': ['x', 'y'] },
  })
  const { deadLetters } = await listDeadLetters(harness.database, { limit: 10 })
  expect(deadLetters).toMatchObject([{ eventType: 'undecodable', attempts: 3, error: 'TypeError: ce-specversion is missing' }])
  expect(Buffer.from(deadLetters[0]?.payload ?? []).equals(Buffer.from(junk.body))).toBe(true)
})

test('delivered again it is the same letter; another message, at the same place of a stream made anew, is another', async () => {
  const keep = keeper()
  await keep(junk)
  await keep({ ...junk, deliveryCount: 4, error: new TypeError('another version says otherwise') })
  expect(await harness.inboxRows()).toMatchObject([{ attempts: 3 }])
  await keep({ ...junk, streamSequence: 8n })
  await keep({ ...junk, stream: 'INGRESS' })
  await keep({ ...junk, subject: 'company.y.call.analyzed' })
  await keep({ ...junk, body: Uint8Array.from([1]) })
  expect(await harness.inboxRows()).toHaveLength(5)
})

test('a redrive of it is refused and changes nothing', async () => {
  await keeper()(junk)
  const before = await harness.inboxRows()
  const [letter] = before
  if (!letter) throw new Error('no letter')
  const refused: unknown = await redrive({ database: harness.database, handlers: [harness.handler()] }, letter).catch(
    (error: unknown) => error,
  )
  expect(isFrontdeskError(refused, 'failed_precondition')).toBe(true)
  expect(await harness.inboxRows()).toEqual(before)
})

test('the operations list a body that is no text without losing any of it', async () => {
  await keeper()(junk)
  const none = {
    append: () => Promise.resolve(),
    prepareAppend: () => ({ statements: [], committed: () => undefined }),
    unpublished: () => Promise.resolve(0),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const { database } = harness
  const operations = createOperations({ database, outbox: none, handlers: [harness.handler()], counts: () => Promise.resolve({}) })
  const { deadLetters } = await operations.listDeadLetters({ pageSize: 0, pageToken: '' })
  expect(deadLetters.map(({ payload }) => payload)).toEqual(['base64:/wDD'])
})

test('while it can not be kept it throws, so that the broker is not told to drop it', async () => {
  const database = openAnother('mysql://root@127.0.0.1:1/nowhere', harness.telemetry)
  await expect(keepUndecodable({ database, handler: harness.handler() })(junk)).rejects.toMatchObject({ code: 'unavailable' })
  await database[Symbol.asyncDispose]()
})

test('from the broker: what is no event ends as a letter, once, and is settled', async () => {
  await using nats = await startNats()
  await using bus = connectBus({ servers: nats.url, name: 'undecodable-test', telemetry: harness.telemetry })
  await applyStreams(bus)
  const manager = await bus.manager()
  await manager.jetstream().publish('company.x.call.analyzed', 'no event')
  await using _consuming = bus.consume({ stream: 'COMPANY', durable: 'booking', handle: harness.handler(), onUndecodable: keeper() })
  // The letter first: before it is delivered, nothing is pending or unsettled either.
  await eventually(async () =>
    expect(await harness.inboxRows()).toMatchObject([
      { outcome: 'dead', eventType: 'undecodable', error: 'TypeError: ce-specversion is missing' },
    ]),
  )
  await eventually(async () => {
    const info = await manager.consumers.info('COMPANY', 'booking')
    expect([info.num_pending, info.num_ack_pending]).toEqual([0, 0])
  })
  expect(await harness.inboxRows()).toHaveLength(1)
})
