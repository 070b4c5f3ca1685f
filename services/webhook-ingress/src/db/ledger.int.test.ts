import { connectBus } from '@frontdesk/bus'
import { deriveEventId, newId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { createOutbox, type Outbox } from '@frontdesk/outbox'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import type { VerifiedDelivery } from '../app/ports.ts'
import { createLedger } from './ledger.ts'
import { deliveries, events, outbox } from './schema/index.ts'

const owned = new AsyncDisposableStack()
let context: Awaited<ReturnType<typeof openMigratedDatabase>>
/** An ingress's ledger as it is after a start: it remembers nothing. */
let startLedger: () => ReturnType<typeof createLedger>
let leaving: Outbox

beforeAll(async () => {
  context = owned.use(await openMigratedDatabase())
  const { database, telemetry } = context
  const bus = owned.use(connectBus({ servers: 'nats://127.0.0.1:1', name: 'ledger-test', telemetry }))
  leaving = owned.use(createOutbox({ database, bus, telemetry, source: 'frontdesk/test', flushTimeoutMs: 0 }))
  startLedger = () => createLedger(database, leaving, telemetry.logger)
})
afterAll(() => owned.disposeAsync())

function aDelivery(): VerifiedDelivery {
  const [headers, rawBody] = [{}, Buffer.from('{}')]
  return { id: newId('dlv'), provider: 'retell', connectionId: undefined, receivedAt: new Date(), headers, rawBody, verifiedBy: 'current' }
}

const anEvent = (key: string) => ({
  id: deriveEventId(['ledger', key]),
  type: 'frontdesk.call.started.v1' as const,
  entityId: `call_${key}`,
  occurredAt: new Date(),
  body: Buffer.from('{}'),
})

/** What each of the deliveries, sent at the same moment, is answered. */
const keepAll = (ledger: ReturnType<typeof createLedger>, ...deliveries: string[][]) =>
  Promise.all(deliveries.map((keys) => ledger.keep(aDelivery(), keys.map(anEvent))))

const counts = async () => Promise.all([deliveries, events, outbox].map(async (table) => context.database.orm.$count(table)))

test('of deliveries in one group each is told what of it is new, whether this process, another or the group has it already', async () => {
  const ledger = startLedger()
  expect(await keepAll(ledger, ['a'], ['b', 'c'], ['a'], [])).toEqual([
    { accepted: 1, duplicates: 0 },
    { accepted: 2, duplicates: 0 },
    { accepted: 0, duplicates: 1 },
    { accepted: 0, duplicates: 0 },
  ])
  expect(await counts()).toEqual([2, 3, 3])
  const remembered = await keepAll(ledger, ['a'], ['b', 'd'])
  expect(remembered).toEqual([
    { accepted: 0, duplicates: 1 },
    { accepted: 1, duplicates: 1 },
  ])
  expect(await counts()).toEqual([3, 4, 4])

  const another = await keepAll(startLedger(), ['c'], ['a', 'e'], ['f'], ['d', 'b'])
  expect(another).toEqual([
    { accepted: 0, duplicates: 1 },
    { accepted: 1, duplicates: 1 },
    { accepted: 1, duplicates: 0 },
    { accepted: 0, duplicates: 2 },
  ])
  expect(await counts()).toEqual([5, 6, 6])
})

test('two ingresses that are sent the same at the same moment keep it once', async () => {
  const before = await counts()
  const keys = Array.from({ length: 200 }, (_, index) => [`same ${index}`])
  const answers = await Promise.all([keepAll(startLedger(), ...keys), keepAll(startLedger(), ...keys.toReversed())])
  expect(answers.flat().filter(({ accepted }) => accepted === 1)).toHaveLength(200)
  expect(answers.flat().filter(({ duplicates }) => duplicates === 1)).toHaveLength(200)
  expect(await counts()).toEqual(before.map((rows) => rows + 200))
})

test.each([
  ['the same millisecond', 0],
  ['another one', 1],
])('an event that comes again in %s is a duplicate', async (when, laterMs) => {
  const first = { ...aDelivery(), receivedAt: new Date('2026-11-22T10:00:00.000Z') }
  const again = () => ({ ...aDelivery(), receivedAt: new Date(first.receivedAt.getTime() + laterMs) })
  await startLedger().keep(first, [anEvent(when)])
  const before = await counts()
  expect(await startLedger().keep(again(), [anEvent(when)])).toEqual({ accepted: 0, duplicates: 1 })
  expect(await startLedger().keep(again(), [anEvent(when), anEvent(`${when}, beside`)])).toEqual({ accepted: 1, duplicates: 1 })
  expect(await counts()).toEqual(before.map((rows) => rows + 1))
})

test('where another’s events come, they are claimed at once and not tried as new ones first, until none comes any more', async () => {
  const { database, telemetry } = context
  const known = Array.from({ length: 30 }, (_, index) => `elsewhere ${index}`)
  await keepAll(startLedger(), known)
  let attempts = 0
  const prepareAppend: Outbox['prepareAppend'] = (events) => ((attempts += 1), leaving.prepareAppend(events))
  const ledger = createLedger(database, { ...leaving, prepareAppend }, telemetry.logger)
  const attemptsFor = async (...keys: string[]) => {
    attempts = 0
    const isNew = (key: string) => !key.startsWith('elsewhere')
    const accepted = keys.filter(isNew).length
    expect(await keepAll(ledger, keys)).toEqual([{ accepted, duplicates: keys.length - accepted }])
    return attempts
  }
  expect(await attemptsFor('first')).toBe(1)
  expect(await attemptsFor('second', 'elsewhere 0')).toBe(2)
  for (let n = 1; n < 20; n++) expect(await attemptsFor(`elsewhere ${n}`, `beside ${n}`)).toBe(1)
  for (let n = 0; n < 15; n++) expect(await attemptsFor(`between ${n}`)).toBe(1)
  expect(await attemptsFor('elsewhere 20')).toBe(1)
  for (let n = 0; n < 16; n++) expect(await attemptsFor(`after ${n}`)).toBe(1)
  expect(await attemptsFor('last', 'elsewhere 21')).toBe(2)
})

test('a group of nothing new changes something all the same, so that its commit waits for the disk', async () => {
  const claimOf = async (key: string) =>
    context.database.orm
      .select({ claim: events.claim })
      .from(events)
      .where(eq(events.eventId, anEvent(key).id))
  await keepAll(startLedger(), ['once'])
  const before = await claimOf('once')
  expect(await keepAll(startLedger(), ['once'])).toEqual([{ accepted: 0, duplicates: 1 }])
  expect(await claimOf('once')).not.toEqual(before)
})

test('what was remembered is asked for again once the database was away', async () => {
  const { database, telemetry } = context
  let isAway = false
  const prepareAppend: Outbox['prepareAppend'] = (events) => {
    if (isAway) throw new FrontdeskError('unavailable', { publicMessage: 'away' })
    return leaving.prepareAppend(events)
  }
  const ledger = createLedger(database, { ...leaving, prepareAppend }, telemetry.logger)
  await keepAll(ledger, ['lost'])
  isAway = true
  await expect(keepAll(ledger, ['while it is away'])).rejects.toMatchObject({ code: 'unavailable' })
  isAway = false
  // As a server that took over has it.
  await database.orm.delete(events).where(eq(events.eventId, anEvent('lost').id))
  expect(await keepAll(ledger, ['lost'])).toEqual([{ accepted: 1, duplicates: 0 }])
})

test('what could not be kept is not remembered as kept', async () => {
  const ledger = startLedger()
  const tooLong = { ...anEvent('refused'), entityId: 'x'.repeat(300) }
  await expect(ledger.keep(aDelivery(), [tooLong])).rejects.toMatchObject({ code: 'unavailable' })
  expect(await keepAll(ledger, ['refused'])).toEqual([{ accepted: 1, duplicates: 0 }])
})
