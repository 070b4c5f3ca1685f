import { z } from 'zod'
import { noSuch } from '../errors.ts'
import { collect, finalize, settle, voidInvoice } from '../invoicing.ts'
import { subscriptionOf } from '../objects/invoice.ts'
import type { Invoice } from '../objects/types.ts'
import { pageOf, pageParameters } from '../pages.ts'
import { boolean, text } from '../parameters.ts'
import type { StripeRoutes } from '../routing.ts'
import type { StripeState } from '../state.ts'

function invoiceOf({ invoices }: StripeState, id: string): Invoice {
  const invoice = invoices.get(id)
  if (!invoice) throw noSuch('invoice', id)
  return invoice
}

export function registerInvoices({ add, state }: StripeRoutes): void {
  const listed = {
    ...pageParameters,
    customer: text().optional(),
    subscription: text().optional(),
    status: z.enum(['draft', 'open', 'paid', 'void', 'uncollectible']).optional(),
  }
  add('GET', '/v1/invoices', listed, ({ parameters }) => {
    const { customer, subscription, status } = parameters
    const found = [...state.invoices.values()]
      .filter((invoice) => customer === undefined || invoice.customer === customer)
      .filter((invoice) => subscription === undefined || subscriptionOf(invoice) === subscription)
      .filter((invoice) => status === undefined || invoice.status === status)
    return pageOf('/v1/invoices', found, parameters)
  })
  add('GET', '/v1/invoices/:id', {}, ({ path }) => invoiceOf(state, path.id ?? ''))
  add('POST', '/v1/invoices/:id/finalize', { auto_advance: boolean().optional() }, ({ path, change }) =>
    finalize(change, invoiceOf(state, path.id ?? '')),
  )
  const paying = { payment_method: text().optional(), off_session: boolean().optional(), paid_out_of_band: boolean().optional() }
  add('POST', '/v1/invoices/:id/pay', paying, ({ path, parameters, change }) => {
    const invoice = invoiceOf(state, path.id ?? '')
    const due = invoice.status === 'draft' ? finalize(change, invoice) : invoice
    return parameters.paid_out_of_band ? settle(change, due) : collect(change, due, parameters.payment_method)
  })
  add('POST', '/v1/invoices/:id/void', {}, ({ path, change }) => voidInvoice(change, invoiceOf(state, path.id ?? '')))
}
