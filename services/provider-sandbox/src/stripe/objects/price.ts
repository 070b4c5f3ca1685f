import { mergedMetadata, type Metadata, type Plan, type Price, type Product } from './types.ts'

export interface ProductDetails {
  readonly name: string
  readonly description?: string | undefined
  readonly metadata?: Metadata | '' | undefined
}

export type Interval = 'day' | 'week' | 'month' | 'year'

export interface PriceDetails {
  readonly currency: string
  readonly product: string
  /** In the currency's smallest unit, per piece. */
  readonly unit_amount?: number | undefined
  readonly nickname?: string | undefined
  readonly lookup_key?: string | undefined
  readonly metadata?: Metadata | '' | undefined
  readonly recurring?:
    | {
        readonly interval: Interval
        readonly interval_count?: number | undefined
        readonly usage_type?: 'licensed' | 'metered' | undefined
        readonly meter?: string | undefined
      }
    | undefined
}

export function newProduct(id: string, details: ProductDetails, now: number): Product {
  return {
    id,
    object: 'product',
    active: true,
    created: now,
    default_price: null,
    description: details.description ?? null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: mergedMetadata({}, details.metadata),
    name: details.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: null,
    updated: now,
    url: null,
  }
}

export function newPrice(id: string, details: PriceDetails, now: number): Price {
  const unitAmount = details.unit_amount ?? 0
  const { recurring } = details
  return {
    id,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: now,
    currency: details.currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: details.lookup_key ?? null,
    metadata: mergedMetadata({}, details.metadata),
    nickname: details.nickname ?? null,
    product: details.product,
    recurring: recurring
      ? {
          interval: recurring.interval,
          interval_count: recurring.interval_count ?? 1,
          meter: recurring.meter ?? null,
          trial_period_days: null,
          usage_type: recurring.usage_type ?? 'licensed',
        }
      : null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring ? 'recurring' : 'one_time',
    unit_amount: unitAmount,
    unit_amount_decimal: String(unitAmount),
  }
}

/** The older name of a recurring price, which items still carry. */
export function planOf(price: Price): Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: price.recurring?.usage_type ?? 'licensed',
  }
}
