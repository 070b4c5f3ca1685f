import { companyEvent } from '@frontdesk/outbox/testing'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BillingOnFake, startBillingOnFake } from './billing-on-fake.ts'
import { callEnded, messageSent, newCompany } from './harness.ts'

let harness: BillingOnFake
beforeAll(async () => {
  harness = await startBillingOnFake()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('calls and messages count once however often they are told, and what never connected counts nothing', async () => {
  const { companyId, customerId } = await harness.openAccount()
  const events = [callEnded(companyId, 'c1', 61), callEnded(companyId, 'c2', 0), messageSent(companyId, 'm1'), messageSent(companyId, 'm2')]
  await harness.publish(...events, ...events)
  await harness.publish(...events)
  await harness.handled()
  const { usage } = await harness.billing.listUsage({ companyId })
  expect(usage.map(({ kind, quantity, entityId, eventId }) => [kind, quantity, entityId, eventId])).toEqual([
    ['USAGE_KIND_CALL_MINUTES', 2n, 'c1', events[0]?.envelope.id],
    ['USAGE_KIND_MESSAGES', 1n, 'm1', events[2]?.envelope.id],
    ['USAGE_KIND_MESSAGES', 1n, 'm2', events[3]?.envelope.id],
  ])
  expect(await harness.told(companyId)).toMatchObject([{ entityId: 'c1', quantity: '2' }, { entityId: 'm1' }, { entityId: 'm2' }])
  await eventually(() =>
    expect(harness.metered(customerId)).toEqual(
      expect.arrayContaining(
        usage.map(({ usageId, quantity }) => expect.objectContaining({ identifier: usageId, quantity: Number(quantity) })),
      ),
    ),
  )
  expect(harness.metered(customerId)).toHaveLength(3)
  await eventually(async () => {
    for (const { reportedAt } of (await harness.billing.listUsage({ companyId })).usage) expect(reportedAt).toEqual(harness.now())
  })
})

test('a corrected call amends its record and tells the meter the difference; what was told too much is left to a person', async () => {
  const { companyId, customerId } = await harness.openAccount()
  await harness.publish(callEnded(companyId, 'c1', 60))
  await eventually(() => expect(harness.metered(customerId)).toHaveLength(1))
  await harness.publish(callEnded(companyId, 'c1', 240, { revision: 3 }), callEnded(companyId, 'c1', 120, { revision: 2 }))
  await harness.handled()
  const [usage] = (await harness.billing.listUsage({ companyId })).usage
  expect(usage?.quantity).toBe(4n)
  await eventually(() =>
    expect(harness.metered(customerId).map(({ identifier, quantity }) => [identifier, quantity])).toEqual([
      [usage?.usageId, 1],
      [`${usage?.usageId}.2`, 3],
    ]),
  )
  await harness.publish(callEnded(companyId, 'c1', 0, { revision: 4 }))
  await harness.handled()
  expect((await harness.billing.listUsage({ companyId })).usage).toEqual([])
  // proto3 JSON leaves a 0 out.
  const last = (await harness.told(companyId)).at(-1)
  expect(last).toMatchObject({ usageId: usage?.usageId })
  expect(last).not.toHaveProperty('quantity')
  await eventually(async () =>
    expect(await harness.metrics()).toContain('billing_meter_reports_total{kind="call_minutes",outcome="over_reported"} 1'),
  )
  expect(harness.metered(customerId)).toHaveLength(2)
})

test('a call that was another company’s is on no bill any more, however late it is told of', async () => {
  const { companyId } = await harness.openAccount()
  const [counted, late, kept] = ['w1', 'w2', 'w3'].map((callId) => callEnded(companyId, callId, 61))
  if (!counted || !late || !kept) throw new Error('three calls')
  const withdrawn = ({ envelope: { id: eventId, type: eventType } }: typeof kept, entityId: string) =>
    companyEvent(companyId, 'frontdesk.event.withdrawn.v1', entityId, { eventId, beforeRevision: 2, eventType, source: { entityId } })
  await harness.publish(counted, kept)
  await harness.publish(withdrawn(counted, 'w1'), withdrawn(late, 'w2'))
  await harness.publish(late)
  await harness.handled()
  const { usage } = await harness.billing.listUsage({ companyId })
  expect(usage.map(({ entityId }) => entityId)).toEqual(['w3'])
  // Of another event about the same call nothing is taken.
  const other = companyEvent(companyId, 'frontdesk.event.withdrawn.v1', 'other', {
    eventId: 'ef'.repeat(32),
    beforeRevision: 2,
    eventType: 'frontdesk.call.ended.v1',
    source: { entityId: 'w3' },
  })
  await harness.publish(other)
  await harness.handled()
  expect((await harness.billing.listUsage({ companyId })).usage).toHaveLength(1)
})

test('usage before the account waits, and is told once there is one', async () => {
  const companyId = newCompany()
  await harness.publish(callEnded(companyId, 'early', 30))
  await harness.handled()
  await eventually(async () =>
    expect((await harness.query('SELECT 1 FROM usage_records WHERE unreported_since IS NULL AND company_id = ?', [companyId])).length).toBe(
      1,
    ),
  )
  const { customerId } = await harness.openAccount(companyId)
  await eventually(() => expect(harness.metered(customerId)).toHaveLength(1))
})

test('a report that reached the meter though it failed is sent again under its own name', async () => {
  const { companyId, customerId } = await harness.openAccount()
  harness.fake.failures.report = 2
  await harness.publish(callEnded(companyId, 'c1', 60))
  for (const left of [1, 0]) {
    await eventually(() => expect(harness.fake.failures.report).toBe(left))
    harness.hoursPass(1)
  }
  await eventually(async () => expect((await harness.billing.listUsage({ companyId })).usage[0]?.reportedAt).toEqual(harness.now()))
  expect(harness.metered(customerId)).toHaveLength(1)
})

test('a report whose fate was unknown for a day is said to a person, since the meter may have it twice', async () => {
  const { companyId } = await harness.openAccount()
  harness.fake.failures.report = 1
  await harness.publish(callEnded(companyId, 'c1', 60))
  await eventually(() => expect(harness.fake.failures.report).toBe(0))
  harness.hoursPass(24)
  await eventually(async () =>
    expect(await harness.metrics()).toContain('billing_meter_reports_total{kind="call_minutes",outcome="perhaps_twice"} 1'),
  )
})

test('what can never be handled becomes a dead letter at once, and takes nobody with it', async () => {
  const { companyId } = await harness.openAccount()
  const broken = [
    companyEvent(companyId, 'frontdesk.call.ended.v1', 'no id', {}),
    companyEvent(companyId, 'frontdesk.call.ended.v1', 'long', { call: { callId: 'x'.repeat(300) }, durationMs: 1 }),
    companyEvent(companyId, 'frontdesk.subscription.changed.v1', 'nothing', {}),
    companyEvent(companyId, 'frontdesk.subscription.changed.v1', 'a path', { subscriptionId: '../customers' }),
    { ...companyEvent(companyId, 'frontdesk.invoice.changed.v1', 'not json', {}), body: Buffer.from('{') },
  ]
  await harness.publish(...broken, callEnded(companyId, 'fine', 60))
  await harness.handled()
  const { deadLetters } = await harness.operations.listDeadLetters({})
  expect(deadLetters.map(({ eventId }) => eventId).toSorted()).toEqual(broken.map(({ envelope }) => envelope.id).toSorted())
  expect((await harness.billing.listUsage({ companyId })).usage).toMatchObject([{ entityId: 'fine' }])
}, 30_000)
