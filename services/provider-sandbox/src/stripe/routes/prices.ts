import { z } from 'zod'
import { invalidRequest, missingParameter, noSuch } from '../errors.ts'
import { newPrice, newProduct } from '../objects/price.ts'
import type { Price } from '../objects/types.ts'
import { pageOf, pageParameters } from '../pages.ts'
import { boolean, integer, metadata, text } from '../parameters.ts'
import type { StripeRoutes } from '../routing.ts'
import type { StripeState } from '../state.ts'

const recurring = z.strictObject({
  interval: z.enum(['day', 'week', 'month', 'year']),
  interval_count: integer().pipe(z.number().min(1).max(36)).optional(),
  usage_type: z.enum(['licensed', 'metered']).optional(),
  meter: text().optional(),
})

export function priceOf({ prices }: StripeState, id: string, param = 'id'): Price {
  const price = prices.get(id)
  if (!price) throw noSuch('price', id, param, param === 'id' ? 404 : 400)
  return price
}

export function registerPrices({ add, state }: StripeRoutes): void {
  const product = { name: text().min(1), description: text().optional(), metadata: metadata(), id: text().optional() }
  add('POST', '/v1/products', product, ({ parameters, change }) => {
    const id = parameters.id ?? change.newId('prod')
    if (state.products.has(id)) throw invalidRequest({ code: 'resource_already_exists', message: 'Product already exists.', param: 'id' })
    const made = newProduct(id, parameters, change.now)
    state.products.set(id, made)
    change.emit('product.created', made)
    return made
  })
  add('GET', '/v1/products/:id', {}, ({ path }) => {
    const found = state.products.get(path.id ?? '')
    if (!found) throw noSuch('product', path.id ?? '')
    return found
  })
  const price = {
    currency: z.string().regex(/^[a-zA-Z]{3}$/, 'must be a three-letter code'),
    product: text().optional(),
    product_data: z.strictObject({ name: text().min(1), metadata: metadata() }).optional(),
    unit_amount: integer().pipe(z.number().min(0)).optional(),
    nickname: text().optional(),
    lookup_key: text().optional(),
    metadata: metadata(),
    recurring: recurring.optional(),
  }
  add('POST', '/v1/prices', price, ({ parameters, change }) => {
    const { product: named, product_data: made, ...details } = parameters
    const meter = details.recurring?.meter
    if (meter !== undefined && !state.meters.has(meter)) throw noSuch('meter', meter, 'recurring[meter]', 400)
    if (named !== undefined && !state.products.has(named)) throw noSuch('product', named, 'product', 400)
    if (named === undefined && !made) throw missingParameter('product')
    const product = made && newProduct(change.newId('prod'), made, change.now)
    if (product) state.products.set(product.id, product)
    const price = newPrice(change.newId('price'), { ...details, product: product?.id ?? named ?? '' }, change.now)
    state.prices.set(price.id, price)
    change.emit('price.created', price)
    return price
  })
  const listed = { ...pageParameters, active: boolean().optional(), lookup_keys: z.array(text()).optional(), product: text().optional() }
  add('GET', '/v1/prices', listed, ({ parameters }) => {
    const { active, lookup_keys: keys, product } = parameters
    const found = [...state.prices.values()]
      .filter((price) => active === undefined || price.active === active)
      .filter((price) => keys === undefined || keys.includes(price.lookup_key ?? ''))
      .filter((price) => product === undefined || price.product === product)
    return pageOf('/v1/prices', found, parameters)
  })
  add('GET', '/v1/prices/:id', {}, ({ path }) => priceOf(state, path.id ?? ''))
}
