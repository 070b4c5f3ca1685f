import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { expect, test } from 'vitest'
import type { RefusedRecord } from '../app/ports.ts'
import { createObserver } from './observer.ts'

function observing() {
  const telemetry = createTestTelemetry()
  const said = (level: string) => telemetry.lines.filter((line) => line['level'] === level)
  return { observer: createObserver(telemetry), said, metrics: async () => (await telemetry.metrics.render()).body }
}

const failure = { providerEventId: 'evt_1', meterId: 'mtr_1' }
const record: RefusedRecord = {
  companyId: vouchForCompanyId(newId('cmp')),
  usageId: newId('usg'),
  kind: 'messages',
  quantity: 1,
  reported: 1,
  pending: undefined,
  number: 1,
  last: 1,
  attempts: 1,
}

test('what a meter could not count is counted by its reason, of which there is a fixed number', async () => {
  const { observer, metrics } = observing()
  expect(await metrics()).toContain('billing_meter_refusals_total{code="archived_meter"} 0')
  for (const code of ['archived_meter', 'of tomorrow', 'of the day after']) {
    observer.meterFailed({ ...failure, code, errors: 3, identifiers: ['usg_1', 'usg_2', 'usg_3'] })
  }
  expect(await metrics()).toContain('billing_meter_refusals_total{code="archived_meter"} 3')
  expect(await metrics()).toContain('billing_meter_refusals_total{code="other"} 6')
  expect(await metrics()).not.toContain('tomorrow')
})

test('errors say their meter and reason, and what is not named of them is said to a person', () => {
  const { observer, said } = observing()
  observer.meterFailed({ ...failure, code: 'no_meter', errors: 2, identifiers: ['usg_1', 'usg_2'] })
  expect(said('error')).toMatchObject([{ ...failure, code: 'no_meter', errors: 2, named: 2 }])
  observer.meterFailed({ ...failure, code: 'no_meter', errors: 7, identifiers: ['usg_1', 'usg_2'] })
  expect(said('error').slice(1)).toMatchObject([
    { errors: 7, named: 2 },
    { unnamed: 5, msg: expect.stringContaining('a person has to compare') },
  ])
})

test('a refused report that can’t be taken back is an error, and one that was taken back before is none', async () => {
  const { observer, said, metrics } = observing()
  observer.reportRefused({ outcome: 'known', identifier: 'usg_1', record })
  observer.reportRefused({ outcome: 'taken_back', record, number: 1, quantity: 1, reported: 0, dueAt: new Date() })
  expect(said('error')).toEqual([])
  expect(await metrics()).toContain('billing_meter_reports_total{kind="messages",outcome="refused"} 1')
  for (const outcome of ['superseded', 'no_quantity', 'unknown'] as const) {
    observer.reportRefused({ outcome, identifier: 'x'.repeat(9_000), record: outcome === 'unknown' ? undefined : record })
  }
  expect(said('error')).toMatchObject(['superseded', 'no_quantity', 'unknown'].map((outcome) => ({ outcome, identifier: 'x'.repeat(100) })))
})
