import { encodeEnvelope } from '@frontdesk/bus'
import { bulkSubject } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { eventually } from '@frontdesk/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { company, confirmed, otherCompany, startHarness } from './harness.ts'
import { memoryStore } from './memory-store.ts'

type Harness = Awaited<ReturnType<typeof startHarness>>

let harness: Harness
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

test.each(['mysqlInbox', 'a store of their own'])(
  'with %s: each event of its company once, with its payload, whatever lane it comes by',
  async (kind) => {
    const days: unknown[] = []
    const store = kind === 'mysqlInbox' ? {} : { store: memoryStore().store }
    await using subscriber = harness.subscribe({
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
    await harness.settled()
    await harness.settled('their-team-bulk')
    expect(days).toEqual([new Date('2026-12-01T10:00:00.000Z')])
  },
)

test('an event that always fails is a dead letter in their store, and its neighbours are not held up', async () => {
  const { store, letters } = memoryStore()
  // Nothing in memory is undone with a failed group.
  const handled = new Set<string>()
  await using subscriber = harness.subscribe({
    store,
    handle: (_, event) => {
      if (event.entityId === 'apt_bad') throw new FrontdeskError('failed_precondition', { publicMessage: 'No such calendar.' })
      handled.add(event.entityId)
      return Promise.resolve()
    },
  })
  await harness.publish([confirmed('1'), confirmed('bad'), confirmed('2'), confirmed('unreadable', { body: Buffer.from('{') })])
  await subscriber.ready()
  await harness.settled()
  expect([...handled]).toEqual(['apt_1', 'apt_2'])
  expect(letters.map(({ error }) => error.slice(0, 60))).toEqual([
    'FrontdeskError: No such calendar.',
    expect.stringContaining('The body is no payload'),
  ])
  expect(JSON.parse(letters[0]?.envelope ?? '')).toMatchObject({ headers: { 'ce-subject': ['apt_bad'] } })
})

test('a dead letter stands in the inbox of their MySQL and is not handled when it comes again', async () => {
  let calls = 0
  await using subscriber = harness.subscribe({
    handle: () => {
      calls++
      throw new FrontdeskError('invalid_argument', { publicMessage: 'No.' })
    },
  })
  await subscriber.ready()
  await harness.publish([confirmed('x')])
  await harness.settled()
  await harness.publish([confirmed('x')])
  await harness.settled()
  expect(calls).toBe(1)
  expect(await harness.rows('select outcome, event_type, company_id, error from frontdesk_inbox')).toEqual([
    { outcome: 'dead', event_type: 'frontdesk.appointment.confirmed.v1', company_id: company, error: 'FrontdeskError: No.' },
  ])
})

test('an event of a type that did not exist when it was built is acknowledged, and holds nothing up', async () => {
  await using subscriber = harness.subscribe({ types: ['frontdesk.appointment.confirmed.v1', 'frontdesk.appointment.cancelled.v1'] })
  await subscriber.ready()
  const { envelope, body } = confirmed('new')
  const headers = encodeEnvelope(envelope)
  headers.set('ce-type', 'frontdesk.appointment.dreamt.v1')
  const jetstream = (await harness.bus.manager()).jetstream()
  await jetstream.publish(`company.${company}.appointment.dreamt`, body, { headers })
  await harness.publish([confirmed('1')])
  await harness.settled()
  expect(subscriber.handled).toEqual(['apt_1'])
})

test('while the store is away events wait, and nothing is given up', async () => {
  const { store } = memoryStore()
  let away = true
  await using subscriber = harness.subscribe({
    store: { ...store, once: (...args) => (away ? Promise.reject(new Error('no disk')) : store.once(...args)) },
  })
  await subscriber.ready()
  await harness.publish([confirmed('1')])
  await eventually(() => expect(harness.telemetry.lines.map(({ msg }) => msg)).toContain('an event failed and is tried again'))
  away = false
  await harness.settled()
  expect(subscriber.handled).toEqual(['apt_1'])
})

test('a durable of its name that means something else is left as it is, and nothing is consumed', async () => {
  const manager = await harness.bus.manager()
  await manager.consumers.add('COMPANY', {
    durable_name: 'their-team',
    ack_policy: 'explicit',
    filter_subject: `company.${otherCompany}.>`,
  })
  await using subscriber = harness.subscribe()
  await expect(subscriber.ready()).rejects.toMatchObject({ code: 'failed_precondition' })
  const { config } = await manager.consumers.info('COMPANY', 'their-team')
  expect(config.filter_subject).toBe(`company.${otherCompany}.>`)
  expect(subscriber.handled).toEqual([])
})

test('what can not be subscribed to is refused at once, by name', () => {
  expect(() => harness.subscribe({ name: 'booking' })).toThrow('taken')
  expect(() => harness.subscribe({ name: 'A b' })).toThrow('name')
  expect(() => harness.subscribe({ company: 'cmp_*' })).toThrow('company')
  expect(() => harness.subscribe({ types: [] })).toThrow('types')
})
