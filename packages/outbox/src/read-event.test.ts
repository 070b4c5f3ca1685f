import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { companyOf, readPayload } from './read-event.ts'

test('an event of no company is invalid, and so never retried', () => {
  const companyId = vouchForCompanyId(newId('cmp'))
  expect(companyOf({ envelope: { companyId } })).toBe(companyId)
  expect(() => companyOf({ envelope: {} })).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
})

test.each(['{', 'null x', '\u00ff'])('the body %j is no payload, which names the type and keeps the cause', (body) => {
  const read = () => readPayload('frontdesk.call.ended.v1', Buffer.from(body))
  expect(read).toThrow(/frontdesk.call.ended.v1/)
  expect(read).toThrow(expect.objectContaining({ code: 'invalid_argument', cause: expect.anything() }))
})
