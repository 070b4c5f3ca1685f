import { FrontdeskError } from '@frontdesk/errors'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { ProviderError } from '../shared/provider.ts'
import { byItself, type Change } from '../stripe/change.ts'
import { advance, draftInvoice, fail, finalize, settle, voidInvoice } from '../stripe/invoicing.ts'
import { newPrice, newProduct } from '../stripe/objects/price.ts'
import type { Invoice } from '../stripe/objects/types.ts'
import type { StripeSandbox } from '../stripe/stripe.ts'
import { renew } from '../stripe/subscribing.ts'
import { jsonBody } from './input.ts'

const renewSchema = z.strictObject({ outcome: z.enum(['collect', 'paid', 'failed', 'open', 'draft']).default('collect') })
const priceSchema = z.strictObject({
  id: z.string().min(1),
  currency: z.string().length(3),
  unitAmount: z.int().min(0),
  interval: z.enum(['day', 'week', 'month', 'year']).default('month'),
  /** The id of a meter, for a price by usage. */
  meter: z.string().optional(),
})

/** What happens to invoices without a request of ours; a draft is finalized on the way. */
const invoiceActions: Readonly<Record<string, (change: Change, invoice: Invoice) => Invoice>> = {
  finalize,
  pay: (change, invoice) => settle(change, due(change, invoice)),
  fail: (change, invoice) => fail(change, due(change, invoice)),
  void: (change, invoice) => voidInvoice(change, due(change, invoice)),
}

const due = (change: Change, invoice: Invoice): Invoice => (invoice.status === 'draft' ? finalize(change, invoice) : invoice)

/** Stripe's state, and what happens at Stripe by itself. */
export function registerStripeControl(server: FastifyInstance, { state, change }: StripeSandbox): void {
  server.get('/state/stripe', () => ({
    customers: [...state.customers.values()],
    subscriptions: [...state.subscriptions.values()],
    invoices: [...state.invoices.values()],
    meterEvents: [...state.meterEvents.values()],
    events: [...state.events.values()],
    thinEvents: [...state.thinEvents.values()],
  }))
  server.post<{ Params: { id: string } }>('/stripe/subscriptions/:id/renew', (request) => {
    const { outcome } = jsonBody(request, renewSchema)
    const before = found(state.subscriptions.get(request.params.id), 'subscription')
    const subscription = inOurWords(() => renew(change(byItself), before, outcome))
    return { subscription, invoice: state.invoices.get(subscription.latest_invoice ?? '') ?? null }
  })
  // Between two periods, as after a change of plan.
  server.post<{ Params: { id: string } }>('/stripe/subscriptions/:id/bill', (request) => {
    const { outcome } = jsonBody(request, renewSchema)
    const subscription = found(state.subscriptions.get(request.params.id), 'subscription')
    const billing = change(byItself)
    const { id } = draftInvoice(billing, subscription, 'subscription_update')
    advance(billing, found(state.invoices.get(id), 'invoice'), outcome)
    return { invoice: state.invoices.get(id) }
  })
  for (const [action, act] of Object.entries(invoiceActions)) {
    server.post<{ Params: { id: string } }>(`/stripe/invoices/:id/${action}`, ({ params }) => {
      const before = found(state.invoices.get(params.id), 'invoice')
      return { invoice: inOurWords(() => act(change(byItself), before)) }
    })
  }
  server.put('/stripe/prices', (request) => {
    const { id, currency, unitAmount, interval, meter } = jsonBody(request, priceSchema)
    const { now } = change(byItself)
    const product = newProduct(`prod_${id}`, { name: id }, now)
    const usage = meter === undefined ? {} : { usage_type: 'metered' as const, meter }
    const price = newPrice(id, { currency, product: product.id, unit_amount: unitAmount, recurring: { interval, ...usage } }, now)
    state.products.set(product.id, product)
    state.prices.set(id, price)
    return { price }
  })
}

function found<T>(object: T | undefined, kind: string): T {
  if (object === undefined) throw new FrontdeskError('not_found', { publicMessage: `There is no such ${kind}.` })
  return object
}

/** What Stripe would refuse is refused here, too. */
function inOurWords<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    const { error: told } = error.body as { error?: { message?: string } }
    throw new FrontdeskError('failed_precondition', { publicMessage: told?.message ?? 'Stripe would refuse this.', cause: error })
  }
}
