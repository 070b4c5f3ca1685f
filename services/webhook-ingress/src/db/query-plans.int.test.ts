import { deriveEventId, type EventId, newId, parseEventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { analyze, explain } from '@frontdesk/database/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { eventsOf, everything, matchingOf, placesOf } from './ledger-reader.ts'
import { refusalsOf } from './refusal-reader.ts'
import { rowsBetween } from './replay-source.ts'
import { selectEvents } from './revision-store.ts'
import { events } from './schema/events.ts'

const rowCount = 2_000
const now = new Date('2026-11-22T12:00:00Z')
const keyOf = (index: number) => parseEventId(deriveEventId(['plan', String(index)])) ?? deriveEventId([])
const atIndex = (index: number) => new Date(now.getTime() - (rowCount - index) * 1_000)
const many = <Row>(row: (index: number) => Row) => Array.from({ length: rowCount }, (_, index) => row(index))
let context: Awaited<ReturnType<typeof openMigratedDatabase>>

/** So many rows that a plan without an index would be the dearer one. */
beforeAll(async () => {
  context = await openMigratedDatabase()
  const { orm } = context.database
  await orm.insert(events).values(
    many((index) => ({
      eventId: keyOf(index),
      claim: 1n,
      deliveryId: newId('dlv'),
      provider: 'retell',
      type: 'frontdesk.call.ended.v1',
      entityId: `call_${index % 500}`,
      receivedAt: atIndex(index),
    })),
  )
  await analyze(context.database, 'events')
})
afterAll(() => context[Symbol.asyncDispose]())

type Query = { toSQL(): { sql: string; params: unknown[] } }

const firstPage = { ...everything, limit: 50, pageToken: '' }
const refused = {
  provider: 'retell',
  connectionId: undefined,
  code: undefined,
  refusedFrom: undefined,
  refusedUntil: undefined,
  limit: 50,
  pageToken: '',
}
const window = { receivedFrom: atIndex(1_000), receivedUntil: atIndex(1_900) }

test.each<[string, (orm: Database['orm']) => Query, string]>([
  ['the first page of ListEvents', (orm) => eventsOf(orm, firstPage), 'PRIMARY'],
  ['a window of ListEvents', (orm) => eventsOf(orm, { ...firstPage, ...window, provider: 'retell' }), 'PRIMARY'],
  [
    'a page of ListEvents by type',
    (orm) => eventsOf(orm, { ...firstPage, types: ['a', 'b'], pageToken: `${now.getTime()}.${keyOf(3)}` }),
    'PRIMARY',
  ],
  ['the end of a look', (orm) => placesOf(orm, { ...firstPage, ...window, types: ['a'] }, 20_000), 'PRIMARY'],
  ['the end of a look at an entity', (orm) => placesOf(orm, { ...firstPage, entityId: 'call_7' }, 20_000), 'events_by_entity'],
  [
    'a page up to the end of a look',
    (orm) => eventsOf(orm, { ...firstPage, provider: 'retell' }, { instant: atIndex(900), id: keyOf(900) }),
    'PRIMARY',
  ],
  ['ListEvents of an entity', (orm) => eventsOf(orm, { ...firstPage, ...window, entityId: 'call_7' }), 'events_by_entity'],
  [
    'a page of ListRefusals',
    (orm) => refusalsOf(orm, { ...refused, refusedFrom: now, pageToken: `${now.getTime()}.5` }),
    'refusals_by_time',
  ],
])('%s reads by its index and sorts nothing', async (_, query, key) => {
  const [step] = await explain(context.database, query(context.database.orm))
  expect(step).toMatchObject({ key, type: expect.not.stringMatching('ALL') })
  expect(step?.Extra ?? '').not.toMatch(/filesort|temporary/)
})

test.each<[string, (orm: Database['orm'], ids: EventId[]) => Query]>([
  ['those of a company within a window', (orm, ids) => matchingOf(orm, { ...everything, ...window }, ids)],
  ['those to be raised, which are locked', (orm, ids) => selectEvents({ orm }, ids).for('update')],
])('events are found by their ids, also where they are a good part of the table: %s', async (_, query) => {
  const ids = Array.from({ length: 500 }, (_each, index) => keyOf(index))
  expect(await explain(context.database, query(context.database.orm, ids))).toMatchObject([
    { table: 'events', type: 'range', key: 'events_by_id' },
  ])
})

test('a replay reads the outbox row by row, and each event by its id', async () => {
  const filter = { ...firstPage, receivedFrom: atIndex(1), receivedUntil: now, kind: 'filter', companyId: undefined } as const
  const query = rowsBetween(context.database.orm, filter, { after: 5n, until: 100n, limit: 50 })
  expect(await explain(context.database, query)).toMatchObject([
    { table: 'outbox', type: 'range', key: 'PRIMARY' },
    { table: 'events', type: 'eq_ref', key: 'events_by_id' },
  ])
})
