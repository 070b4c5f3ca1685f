import { invalidRequest } from './errors.ts'
import type { StripeState } from './state.ts'

type StripeObject = Readonly<Record<string, unknown>>

/** Where the objects are whose ids stand in these members. */
const collectionOf = { customer: 'customers', latest_invoice: 'invoices', product: 'products' } as const

/** The object with the members that `expand[]` names as objects instead of ids; `data.…` reaches into a list. */
export function expanded(state: StripeState, object: object, paths: readonly string[]): object {
  return paths.reduce<object>((whole, path) => expandPath(state, whole as StripeObject, path.split('.')), object)
}

function expandPath(state: StripeState, object: StripeObject, [member = '', ...rest]: readonly string[]): StripeObject {
  const value = object[member]
  if (member === 'data' && Array.isArray(value)) {
    return { ...object, data: value.map((each: StripeObject) => expandPath(state, each, rest)) }
  }
  if (value === null) return object
  if (value === undefined) throw invalidRequest({ message: `This property cannot be expanded (${member}).`, param: 'expand' })
  const found = typeof value === 'string' ? objectOf(state, member, value) : (value as StripeObject)
  return { ...object, [member]: rest.length > 0 ? expandPath(state, found, rest) : found }
}

function objectOf(state: StripeState, member: string, id: string): StripeObject {
  const collection = member in collectionOf ? collectionOf[member as keyof typeof collectionOf] : undefined
  const object = collection && state[collection].get(id)
  if (!object) throw invalidRequest({ message: `This property cannot be expanded (${member}).`, param: 'expand' })
  return { ...object }
}
