import { FrontdeskError } from '@frontdesk/errors'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Harness } from '../test/harness.ts'
import { append, startHarness } from '../test/harness.ts'
import { measureOutboxAge } from './backlog-metrics.ts'
import { redrive } from './redrive.ts'
import { outbox } from './tables.ts'
import { makeNewEvent, makeReceivedEvent } from './testing.ts'
import { keepUndecodable } from './undecodable.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

async function exposed(name: string): Promise<string[]> {
  const { body } = await harness.telemetry.metrics.render()
  return body.split('\n').filter((line) => line.startsWith(`frontdesk_${name}`))
}

test('the age of the outbox is that of its oldest unpublished row, and 0 once nothing waits', async () => {
  const { database } = harness
  let now = new Date()
  measureOutboxAge(database, harness.telemetry, () => now)
  expect(await exposed('outbox_oldest')).toEqual(['frontdesk_outbox_oldest_unpublished_age_seconds 0'])

  const [oldest, newer] = [makeNewEvent(), makeNewEvent()]
  await append(database, harness.unpublished, [oldest])
  await append(database, harness.unpublished, [newer])
  const created = async (event: typeof oldest) =>
    (await harness.outboxRows()).find((row) => row.eventId === event.id)?.createdAt.getTime() ?? Number.NaN
  now = new Date((await created(oldest)) + 90_000)
  expect(await exposed('outbox_oldest')).toEqual(['frontdesk_outbox_oldest_unpublished_age_seconds 90'])

  await database.orm.update(outbox).set({ publishedAt: now, streamSeq: 1n }).where(eq(outbox.eventId, oldest.id))
  now = new Date((await created(newer)) + 30_000)
  expect(await exposed('outbox_oldest')).toEqual(['frontdesk_outbox_oldest_unpublished_age_seconds 30'])

  await database.orm.update(outbox).set({ publishedAt: now, streamSeq: 1n })
  expect(await exposed('outbox_oldest')).toEqual(['frontdesk_outbox_oldest_unpublished_age_seconds 0'])
})

test('dead letters are told from the first one on, by handler, until they are redriven', async () => {
  const refuse = () => Promise.reject(new FrontdeskError('invalid_argument', { publicMessage: 'It has no number.' }))
  const event = makeReceivedEvent()
  await harness.handler({ name: 'first', handle: refuse })([event])
  await harness.handler({ name: 'second', handle: refuse })([event, makeReceivedEvent()])
  expect(await exposed('inbox_dead')).toEqual([
    'frontdesk_inbox_dead_letters{handler="first"} 1',
    'frontdesk_inbox_dead_letters{handler="second"} 2',
  ])

  const { id: eventId, revision } = event.envelope
  await redrive({ database: harness.database, handlers: [harness.handler({ name: 'first' })] }, { handler: 'first', eventId, revision })
  expect(await exposed('inbox_dead')).toEqual(['frontdesk_inbox_dead_letters{handler="second"} 2'])
})

test('a message that nobody can read is told for a day, and is no dead letter that waits for a redrive', async () => {
  let now = new Date()
  const handler = harness.handler({ name: 'third', clock: () => now })
  const keep = keepUndecodable({ database: harness.database, handler, clock: () => now })
  const error = new TypeError('no ce-id')
  await keep({ stream: 'COMPANY', streamSequence: 1n, subject: 'company.x', headers: {}, body: Buffer.from('?'), deliveryCount: 1, error })
  expect(await exposed('inbox_undecodable')).toEqual(['frontdesk_inbox_undecodable_messages{handler="third"} 1'])
  expect(await exposed('inbox_dead')).not.toContainEqual(expect.stringContaining('third'))

  now = new Date(now.getTime() + 25 * 60 * 60 * 1_000)
  expect(await exposed('inbox_undecodable')).toEqual([])
})
