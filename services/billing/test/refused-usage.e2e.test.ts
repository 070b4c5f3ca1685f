import { newId } from '@frontdesk/contracts'
import { eventually } from '@frontdesk/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type BillingOnFake, startBillingOnFake } from './billing-on-fake.ts'
import { callEnded, meterFailed, newCompany } from './harness.ts'

let harness: BillingOnFake
beforeAll(async () => {
  harness = await startBillingOnFake()
})
afterAll(() => harness[Symbol.asyncDispose]())
// What one test left waiting is reported before the next one.
afterEach(() => harness.hoursPass(24))

const code = 'meter_event_customer_not_found'
let serial = 0

/** Has the provider's next event say that it could not count these, and gives its id. */
function refusing(...identifiers: string[]): string {
  const id = `evt_${(serial += 1)}`
  harness.fake.meterErrors.set(id, [{ code, errors: identifiers.length, identifiers }])
  return id
}

const recordOf = async (companyId: string) => {
  const [row] = await harness.query(
    'SELECT reported_quantity, last_reported_quantity, report_number, pending_quantity, next_report_at, unreported_since FROM usage_records WHERE company_id = ?',
    [companyId],
  )
  return row
}
const usageOf = async (companyId: string) => {
  const [usage] = (await harness.billing.listUsage({ companyId })).usage
  if (!usage) throw new Error('no usage')
  return usage
}
const reportsOf = (customerId: string) => harness.metered(customerId).map(({ identifier, quantity }) => [identifier, quantity])
const settled = (companyId: string, reported: number) =>
  eventually(async () => expect(await recordOf(companyId)).toMatchObject({ reported_quantity: reported, pending_quantity: null }))

/** A company with a call of three minutes that the meter has taken. */
async function aReportedCall(companyId = newCompany()) {
  const { customerId } = await harness.openAccount(companyId)
  await harness.publish(callEnded(companyId, 'c1', 180))
  await settled(companyId, 3)
  const { usageId } = await usageOf(companyId)
  return { companyId, customerId, usageId }
}

async function refusals(): Promise<number> {
  const found = new RegExp(`billing_meter_refusals_total\\{code="${code}"\\} (\\d+)`).exec(await harness.metrics())
  return Number(found?.[1])
}

test('what the meter could not count is taken back, and reported once more under the next number after a wait', async () => {
  const { companyId, customerId, usageId } = await aReportedCall()
  const other = await aReportedCall()
  const preview = await harness.billing.previewInvoice({ companyId })
  const before = await refusals()

  await harness.publish(meterFailed(refusing(usageId)))
  await harness.handled()
  expect(await recordOf(companyId)).toMatchObject({
    reported_quantity: 0,
    next_report_at: new Date(harness.now().getTime() + 15 * 60_000),
    unreported_since: harness.now(),
  })
  expect((await usageOf(companyId)).reportedAt).toBeUndefined()
  expect(await harness.billing.previewInvoice({ companyId })).toEqual(preview)
  await eventually(async () => expect(await refusals()).toBe(before + 1))
  expect(await harness.metrics()).toContain('billing_meter_reports_total{kind="call_minutes",outcome="refused"}')

  harness.hoursPass(0.25)
  await settled(companyId, 3)
  expect(reportsOf(customerId)).toEqual([
    [usageId, 3],
    [`${usageId}.2`, 3],
  ])
  expect((await usageOf(companyId)).reportedAt).toEqual(harness.now())
  expect(await recordOf(companyId)).toMatchObject({ next_report_at: null, unreported_since: null })
  // Refused again, it waits for longer.
  await harness.publish(meterFailed(refusing(`${usageId}.2`)))
  await harness.handled()
  expect((await recordOf(companyId))?.['next_report_at']).toEqual(new Date(harness.now().getTime() + 30 * 60_000))
  expect(reportsOf(other.customerId)).toHaveLength(1)
})

test('a revision does not hurry what waits after a refusal, and is reported with it', async () => {
  const { companyId, customerId, usageId } = await aReportedCall()
  await harness.publish(meterFailed(refusing(usageId)))
  await harness.handled()
  const dueAt = new Date(harness.now().getTime() + 15 * 60_000)
  await harness.publish(callEnded(companyId, 'c1', 240, { revision: 2 }))
  await harness.handled()
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 0, report_number: 1, next_report_at: dueAt })
  harness.hoursPass(0.25)
  await settled(companyId, 4)
  expect(reportsOf(customerId)).toEqual([
    [usageId, 3],
    [`${usageId}.2`, 4],
  ])
})

test('it has one effect however often it is told, by the same event or another one, in whichever lane', async () => {
  const { companyId, customerId, usageId } = await aReportedCall()
  const before = await refusals()
  const id = refusing(usageId)
  const event = meterFailed(id)
  await harness.publish(event, event)
  await harness.publish({ ...event, subject: `bulk.${event.subject}` })
  await harness.handled()
  await eventually(async () => expect(await refusals()).toBe(before + 1))
  // Reprocessed; and told of by an event of its own.
  await harness.publish(meterFailed(id, {}, 2), meterFailed(refusing(usageId)))
  await harness.handled()
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 0, report_number: 1 })
  harness.hoursPass(1)
  await settled(companyId, 3)
  await harness.publish(meterFailed(id, {}, 3))
  await harness.handled()
  harness.hoursPass(1)
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 3, report_number: 2, next_report_at: null })
  expect(reportsOf(customerId)).toHaveLength(2)
})

test('of an amended record only its latest report is taken back; one with another after it is left to a person', async () => {
  const { companyId, customerId, usageId } = await aReportedCall()
  await harness.publish(callEnded(companyId, 'c1', 240, { revision: 2 }))
  await settled(companyId, 4)
  await harness.publish(meterFailed(refusing(usageId)))
  await harness.handled()
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 4, report_number: 2, next_report_at: null })
  await harness.publish(meterFailed(refusing(`${usageId}.2`)))
  await harness.handled()
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 3, report_number: 2 })
  harness.hoursPass(1)
  await settled(companyId, 4)
  expect(reportsOf(customerId).at(-1)).toEqual([`${usageId}.3`, 1])
})

test('what names nothing of ours, or nothing at all, changes nothing and stops nothing', async () => {
  const { companyId, usageId } = await aReportedCall()
  const untouched = await aReportedCall()
  const strange = [newId('usg'), `${untouched.usageId}.7`, `${untouched.usageId}.1`, `${usageId}' OR 1=1`, 'é', '', 'x'.repeat(5_000)]
  const dead = (await harness.operations.listDeadLetters({})).deadLetters.length
  const event = meterFailed(refusing(...strange, usageId))
  await harness.publish({ ...event, subject: `bulk.${event.subject}` })
  await harness.handled()
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 0 })
  expect(await recordOf(untouched.companyId)).toMatchObject({ reported_quantity: 3, next_report_at: null })
  expect((await harness.operations.listDeadLetters({})).deadLetters).toHaveLength(dead)
})

test('while the provider is away the event waits, and is counted when it is there', async () => {
  const { companyId, usageId } = await aReportedCall()
  const before = await refusals()
  harness.fake.failures.meterErrors = 2
  await harness.publish(meterFailed(refusing(usageId)))
  await harness.handled()
  expect(harness.fake.failures.meterErrors).toBe(0)
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 0 })
  await eventually(async () => expect(await refusals()).toBe(before + 1))
})

test('a report that is refused while it is still being sent is looked at once it is settled, and one that took several attempts is left to a person', async () => {
  const companyId = newCompany()
  const { customerId } = await harness.openAccount(companyId)
  harness.fake.failures.report = Infinity
  await harness.publish(callEnded(companyId, 'c1', 180))
  await eventually(() => expect(harness.metered(customerId)).toHaveLength(1))
  const { usageId } = await usageOf(companyId)
  const asked = harness.fake.calls.length
  await harness.publish(meterFailed(refusing(usageId)))
  await eventually(() => expect(harness.fake.calls.slice(asked)).toContain('meterErrors'))
  expect(await recordOf(companyId)).toMatchObject({ pending_quantity: 3, reported_quantity: 0 })
  harness.fake.failures.report = 0
  harness.hoursPass(1)
  await settled(companyId, 3)
  await harness.handled()
  // The meter may have refused one of them and counted another.
  expect(await recordOf(companyId)).toMatchObject({ pending_quantity: null, reported_quantity: 3, last_reported_quantity: 3 })
  expect(reportsOf(customerId)).toEqual([[usageId, 3]])
})

test('an event that the provider does not know, or that has no id, is a dead letter; one of a company’s own account is none of ours', async () => {
  const { usageId, companyId } = await aReportedCall()
  const dead = [meterFailed('evt_unknown'), meterFailed(''), meterFailed('../customers')]
  const foreign = meterFailed(refusing(usageId), { source: { connectionId: 'con_1' } })
  harness.fake.asked.clear()
  await harness.publish(...dead, foreign)
  await harness.handled()
  expect([...harness.fake.asked]).toEqual(['evt_unknown'])
  const { deadLetters } = await harness.operations.listDeadLetters({})
  expect(deadLetters.map(({ eventId }) => eventId).toSorted()).toEqual(dead.map(({ envelope }) => envelope.id).toSorted())
  expect(await recordOf(companyId)).toMatchObject({ reported_quantity: 3 })
})
