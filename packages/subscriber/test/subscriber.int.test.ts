import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeEnvelope } from '@frontdesk/bus'
import { bulkSubject } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { eventually, startNats } from '@frontdesk/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSubscriber, mysqlInbox } from '../src/index.ts'
import type { Gap, SubscriberOptions } from '../src/index.ts'
import { company, confirmed, otherCompany, startHarness } from './harness.ts'
import { memoryStore } from './memory-store.ts'

type Harness = Awaited<ReturnType<typeof startHarness>>
type Confirmed = 'frontdesk.appointment.confirmed.v1' | 'frontdesk.appointment.cancelled.v1'

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

/** A subscriber that keeps what it handled, and lets no gap check come by itself. */
function subscribe(overrides: Partial<SubscriberOptions<Confirmed, unknown>> = {}) {
  const handled: string[] = []
  const gaps: Gap[] = []
  const subscriber = createSubscriber<Confirmed, unknown>({
    servers: harness.nats.url,
    company,
    types: ['frontdesk.appointment.confirmed.v1'],
    name: 'their-team',
    store: mysqlInbox(harness.pool),
    handle: (_, event) => {
      handled.push(event.entityId)
      return Promise.resolve()
    },
    onGap: (gap) => gaps.push(gap),
    gapCheckMs: 60 * 60 * 1_000,
    telemetry: harness.telemetry,
    ...overrides,
  })
  return Object.assign(subscriber, { handled, gaps })
}

async function settled(durable = 'their-team'): Promise<void> {
  await eventually(
    async () => {
      const info = await (await harness.bus.manager()).consumers.info('COMPANY', durable)
      expect([info.num_pending, info.num_ack_pending]).toEqual([0, 0])
      expect(info.delivered.stream_seq).toBeGreaterThan(0)
    },
    { timeoutMs: 15_000 },
  )
}

test.each(['mysqlInbox', 'a store of their own'])(
  'with %s: each event of its company once, with its payload, whatever lane it comes by',
  async (kind) => {
    const days: unknown[] = []
    const store = kind === 'mysqlInbox' ? {} : { store: memoryStore().store }
    await using subscriber = subscribe({
      ...store,
      handle: (_, { payload }) => {
        days.push(payload.appointment?.startsAt)
        return Promise.resolve()
      },
    })
    await subscriber.ready()
    const message = confirmed('a')
    await harness.publish([
      message,
      message,
      { ...message, subject: bulkSubject(message.subject) },
      confirmed('b', { companyId: otherCompany }),
    ])
    await settled()
    await settled('their-team-bulk')
    expect(days).toEqual([new Date('2026-12-01T10:00:00.000Z')])
  },
)

test('an event that always fails is a dead letter in their store, and its neighbours are not held up', async () => {
  const { store, letters } = memoryStore()
  // Nothing in memory is undone with a failed group.
  const handled = new Set<string>()
  await using subscriber = subscribe({
    store,
    handle: (_, event) => {
      if (event.entityId === 'apt_bad') throw new FrontdeskError('failed_precondition', { publicMessage: 'No such calendar.' })
      handled.add(event.entityId)
      return Promise.resolve()
    },
  })
  await harness.publish([confirmed('1'), confirmed('bad'), confirmed('2'), confirmed('unreadable', { body: Buffer.from('{') })])
  await subscriber.ready()
  await settled()
  expect([...handled]).toEqual(['apt_1', 'apt_2'])
  expect(letters.map(({ error }) => error.slice(0, 60))).toEqual([
    'FrontdeskError: No such calendar.',
    expect.stringContaining('The body is no payload'),
  ])
  expect(JSON.parse(letters[0]?.envelope ?? '')).toMatchObject({ headers: { 'ce-subject': ['apt_bad'] } })
})

test('a dead letter stands in the inbox of their MySQL and is not handled when it comes again', async () => {
  let calls = 0
  await using subscriber = subscribe({
    handle: () => {
      calls++
      throw new FrontdeskError('invalid_argument', { publicMessage: 'No.' })
    },
  })
  await subscriber.ready()
  await harness.publish([confirmed('x')])
  await settled()
  await harness.publish([confirmed('x')])
  await settled()
  expect(calls).toBe(1)
  expect(await harness.rows('select outcome, event_type, company_id, error from frontdesk_inbox')).toEqual([
    { outcome: 'dead', event_type: 'frontdesk.appointment.confirmed.v1', company_id: company, error: 'FrontdeskError: No.' },
  ])
})

test('an event of a type that did not exist when it was built is acknowledged, and holds nothing up', async () => {
  await using subscriber = subscribe({ types: ['frontdesk.appointment.confirmed.v1', 'frontdesk.appointment.cancelled.v1'] })
  await subscriber.ready()
  const { envelope, body } = confirmed('new')
  const headers = encodeEnvelope(envelope)
  headers.set('ce-type', 'frontdesk.appointment.dreamt.v1')
  const jetstream = (await harness.bus.manager()).jetstream()
  await jetstream.publish(`company.${company}.appointment.dreamt`, body, { headers })
  await harness.publish([confirmed('1')])
  await settled()
  expect(subscriber.handled).toEqual(['apt_1'])
})

test('while the store is away events wait, and nothing is given up', async () => {
  const { store } = memoryStore()
  let away = true
  await using subscriber = subscribe({
    store: { ...store, once: (...args) => (away ? Promise.reject(new Error('no disk')) : store.once(...args)) },
  })
  await subscriber.ready()
  await harness.publish([confirmed('1')])
  await eventually(() => expect(harness.telemetry.lines.map(({ msg }) => msg)).toContain('an event failed and is tried again'))
  away = false
  await settled()
  expect(subscriber.handled).toEqual(['apt_1'])
})

test('a durable of its name that means something else is left as it is, and nothing is consumed', async () => {
  const manager = await harness.bus.manager()
  await manager.consumers.add('COMPANY', {
    durable_name: 'their-team',
    ack_policy: 'explicit',
    filter_subject: `company.${otherCompany}.>`,
  })
  await using subscriber = subscribe()
  await expect(subscriber.ready()).rejects.toMatchObject({ code: 'failed_precondition' })
  const { config } = await manager.consumers.info('COMPANY', 'their-team')
  expect(config.filter_subject).toBe(`company.${otherCompany}.>`)
  expect(subscriber.handled).toEqual([])
})

test('what can not be subscribed to is refused at once, by name', () => {
  expect(() => subscribe({ name: 'booking' })).toThrow('taken')
  expect(() => subscribe({ name: 'A b' })).toThrow('name')
  expect(() => subscribe({ company: 'cmp_*' })).toThrow('company')
  expect(() => subscribe({ types: [] })).toThrow('types')
})

test('what the stream forgot while nobody consumed is told, and what is left is handled', async () => {
  await using first = subscribe()
  await first.ready()
  await harness.publish([confirmed('1')])
  await settled()
  expect(await first.checkGaps()).toEqual([])
  await first[Symbol.asyncDispose]()
  await harness.publish(Array.from({ length: 9 }, (_, index) => confirmed(`late-${index}`)))
  await (await harness.bus.manager()).streams.purge('COMPANY', { seq: 7 })

  await using second = subscribe()
  await second.ready()
  await settled()
  await eventually(() => expect(second.gaps).toMatchObject([{ kind: 'forgotten', lane: 'live', seenTo: 1n, nextAt: 7n }]))
  expect(second.handled).toEqual(['apt_late-5', 'apt_late-6', 'apt_late-7', 'apt_late-8'])
  expect(await second.checkGaps()).toEqual([])
})

test('the broker lost its last messages and others published first: told, mended, every event handled and none twice', async () => {
  const { nats } = harness
  let server = nats
  await using subscriber = subscribe()
  await subscriber.ready()
  // A killed broker forgets acks of its last moments, too.
  await (await harness.bus.manager()).consumers.update('COMPANY', 'their-team', { ack_wait: 1e9 })
  await harness.publish(Array.from({ length: 10 }, (_, index) => confirmed(`a${index}`)))
  await settled()
  const streamFolder = join(nats.storeDir, 'jetstream', '$G', 'streams', 'COMPANY')
  const copy = await mkdtemp(join(tmpdir(), 'subscriber-stream-'))
  await restart(() => cp(join(streamFolder, 'msgs'), copy, { recursive: true }))
  await harness.publish(Array.from({ length: 20 }, (_, index) => confirmed(`lost${index}`)))
  await settled()
  // The durable keeps its place, the stream is what it was 20 messages ago.
  await restart(async () => {
    await rm(join(streamFolder, 'msgs'), { recursive: true })
    await cp(copy, join(streamFolder, 'msgs'), { recursive: true })
  })
  await harness.publish(Array.from({ length: 30 }, (_, index) => confirmed(`b${index}`)))
  expect(await subscriber.checkGaps()).toMatchObject([{ kind: 'lost', lane: 'live', seenTo: 30n }])
  await settled()
  const expected = [...range('a', 10), ...range('lost', 20), ...range('b', 30)]
  await eventually(() => expect(subscriber.handled.toSorted()).toEqual(expected.toSorted()))
  expect(await subscriber.checkGaps()).toEqual([])
  expect((await harness.telemetry.metrics.render()).body).toContain(
    'frontdesk_subscriber_gaps_total{inbox="their-team",lane="live",kind="lost"} 1',
  )
  await rm(copy, { recursive: true })

  async function restart(meanwhile: () => Promise<void>): Promise<void> {
    await server.kill()
    await meanwhile()
    server = await startNats({ storeDir: nats.storeDir, port: nats.port })
    servers.push(server)
    await eventually(() => expect(harness.bus.status()).toBe('connected'))
  }
})

function range(prefix: string, length: number): string[] {
  return Array.from({ length }, (_, index) => `apt_${prefix}${index}`)
}

const servers: AsyncDisposable[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]()))
})
