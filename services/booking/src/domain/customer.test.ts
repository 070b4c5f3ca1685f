import { expect, test } from 'vitest'
import { type Contact, newCustomer, updateCustomer } from './customer.ts'

const contact = (overrides: Partial<Contact> = {}): Contact => ({
  identity: { kind: 'email', value: 'ada@example.com' },
  name: 'Ada',
  email: 'ada@example.com',
  phoneNumber: '',
  at: new Date('2026-01-02T00:00:00Z'),
  ...overrides,
})

test('a first contact makes a customer', () => {
  expect(newCustomer('cust_1', contact())).toMatchObject({ event: 'created', customer: { id: 'cust_1', name: 'Ada' } })
})

test('a later contact renames, an older one only fills what is empty', () => {
  const { customer } = newCustomer('cust_1', contact())
  const later = updateCustomer(customer, contact({ name: 'Ada L.', at: new Date('2026-01-03T00:00:00Z') }))
  expect(later).toMatchObject({ event: 'updated', customer: { name: 'Ada L.' } })
  const older = updateCustomer(customer, contact({ name: 'A.', phoneNumber: '+4930123', at: new Date('2026-01-01T00:00:00Z') }))
  expect(older).toMatchObject({ event: 'updated', customer: { name: 'Ada', phoneNumber: '+4930123', contactAt: customer.contactAt } })
})

test('the same contact again is told to nobody', () => {
  const { customer } = newCustomer('cust_1', contact())
  expect(updateCustomer(customer, contact())).toEqual({ customer, event: undefined })
})
