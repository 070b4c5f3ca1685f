import { noSuch } from '../errors.ts'
import { newCustomer, updatedCustomer } from '../objects/customer.ts'
import type { Customer } from '../objects/types.ts'
import { pageOf, pageParameters } from '../pages.ts'
import { metadata, text } from '../parameters.ts'
import { z } from 'zod'
import type { StripeRoutes } from '../routing.ts'
import type { StripeState } from '../state.ts'

const details = {
  email: text().optional(),
  name: text().optional(),
  phone: text().optional(),
  description: text().optional(),
  metadata: metadata(),
  invoice_settings: z.strictObject({ default_payment_method: text().optional() }).optional(),
}

export function customerOf({ customers }: StripeState, id: string, param = 'id'): Customer {
  const customer = customers.get(id)
  // In the path it is not found; in a parameter it is a mistake.
  if (!customer) throw noSuch('customer', id, param, param === 'id' ? 404 : 400)
  return customer
}

export function registerCustomers({ add, state }: StripeRoutes): void {
  add('POST', '/v1/customers', { ...details, payment_method: text().optional() }, ({ parameters, change }) => {
    const customer = newCustomer(change.newId('cus'), parameters, change.now)
    state.customers.set(customer.id, customer)
    change.emit('customer.created', customer)
    return customer
  })
  add('GET', '/v1/customers', { ...pageParameters, email: text().optional() }, ({ parameters }) => {
    const { email } = parameters
    const found = [...state.customers.values()].filter((customer) => email === undefined || customer.email === email)
    return pageOf('/v1/customers', found, parameters)
  })
  add('GET', '/v1/customers/:id', {}, ({ path }) => customerOf(state, path.id ?? ''))
  add('POST', '/v1/customers/:id', details, ({ path, parameters, change }) => {
    const before = customerOf(state, path.id ?? '')
    const after = updatedCustomer(before, parameters)
    state.customers.set(after.id, after)
    change.emit('customer.updated', after, before)
    return after
  })
}
