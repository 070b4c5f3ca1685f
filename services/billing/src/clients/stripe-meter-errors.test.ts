import { expect, test } from 'vitest'
import { toMeterErrors } from './stripe-meter-errors.ts'

const event = (reason: object) => ({ id: 'evt_1', object: 'v2.core.event', data: { developer_message_summary: '', reason } })
const sample = (identifier: unknown) => ({ error_message: 'No such customer.', request: { identifier } })

test('each reason has its count, and the reports that are named, each once', () => {
  const errors = toMeterErrors(
    event({
      error_count: 7,
      error_types: [
        { code: 'archived_meter', error_count: 5, sample_errors: [sample('usg_1'), sample('usg_2'), sample('usg_1')] },
        { code: 'of tomorrow', error_count: 2, sample_errors: [] },
      ],
    }),
  )
  expect(errors).toEqual([
    { code: 'archived_meter', errors: 5, identifiers: ['usg_1', 'usg_2'] },
    { code: 'of tomorrow', errors: 2, identifiers: [] },
  ])
})

test('what can’t be read leaves the rest as it is', () => {
  const samples = [null, 7, {}, { request: {} }, sample(7), sample(''), sample('usg_1')]
  const types = [
    { code: 'no_meter', error_count: 'many', sample_errors: samples },
    { code: 'archived_meter', error_count: 2 },
  ]
  expect(toMeterErrors(event({ error_types: types }))).toEqual([
    { code: 'no_meter', errors: 1, identifiers: ['usg_1'] },
    { code: 'archived_meter', errors: 2, identifiers: [] },
  ])
})

test('errors of which no reason is given count all the same', () => {
  const types = [{ code: 'no_meter', error_count: 2, sample_errors: [] }]
  expect(toMeterErrors(event({ error_count: 5, error_types: types })).at(-1)).toEqual({ code: 'unspecified', errors: 3, identifiers: [] })
  expect(toMeterErrors(event({ error_count: 1, error_types: [] }))).toEqual([{ code: 'unspecified', errors: 1, identifiers: [] }])
})

test.each([undefined, null, 'text', {}, { data: {} }, event({}), event({ error_types: [{ error_count: 1 }] })])(
  '%j gives no reasons, and never will',
  (answer) => {
    expect(() => toMeterErrors(answer)).toThrow(expect.objectContaining({ code: 'failed_precondition', retryable: false }))
  },
)
