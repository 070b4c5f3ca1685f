import { mergedMetadata, type Customer, type Metadata } from './types.ts'

/** What a caller says of a customer. */
export interface CustomerDetails {
  readonly email?: string | undefined
  readonly name?: string | undefined
  readonly phone?: string | undefined
  readonly description?: string | undefined
  readonly metadata?: Metadata | '' | undefined
  readonly payment_method?: string | undefined
  readonly invoice_settings?: { readonly default_payment_method?: string | undefined } | undefined
}

export function newCustomer(id: string, details: CustomerDetails, now: number): Customer {
  const blank: Customer = {
    id,
    object: 'customer',
    address: null,
    balance: 0,
    created: now,
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
  return updatedCustomer(blank, details)
}

export function updatedCustomer(customer: Customer, details: CustomerDetails): Customer {
  const paymentMethod = details.invoice_settings?.default_payment_method ?? details.payment_method
  const text = (value: string | undefined, current: string | null | undefined) => (value === undefined ? (current ?? null) : value || null)
  return {
    ...customer,
    email: text(details.email, customer.email),
    name: text(details.name, customer.name),
    phone: text(details.phone, customer.phone),
    description: text(details.description, customer.description),
    metadata: mergedMetadata(customer.metadata, details.metadata),
    ...(paymentMethod !== undefined && {
      invoice_settings: { ...customer.invoice_settings, default_payment_method: paymentMethod || null },
    }),
  }
}
