import { expect, test } from 'vitest'
import { createFaults } from './faults.ts'

test('the oldest fault that fits a request is used up first', () => {
  const faults = createFaults()
  faults.add({ provider: 'stripe', kind: 'slow', pathPrefix: '/v1/customers', times: 2 })
  faults.add({ provider: 'stripe', kind: 'error_before', times: 1 })
  expect(faults.take('whatsapp', '/v1/customers')).toBeUndefined()
  expect(faults.take('stripe', '/v1/events')?.kind).toBe('error_before')
  expect(faults.take('stripe', '/v1/customers/cus_1')?.kind).toBe('slow')
  expect(faults.list()).toEqual([{ provider: 'stripe', kind: 'slow', pathPrefix: '/v1/customers', times: 1 }])
  expect(faults.take('stripe', '/v1/customers')?.kind).toBe('slow')
  expect(faults.take('stripe', '/v1/customers')).toBeUndefined()
})

test('a fault without a number hits every request', () => {
  const faults = createFaults()
  faults.add({ provider: 'calcom', kind: 'slow' })
  expect(faults.take('calcom', '/')).toEqual(faults.take('calcom', '/'))
  faults.clear()
  expect(faults.take('calcom', '/')).toBeUndefined()
})
