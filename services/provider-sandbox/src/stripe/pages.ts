import type Stripe from 'stripe'
import { z } from 'zod'
import { noSuch } from './errors.ts'
import { integer, text } from './parameters.ts'

/** The parameters that every list takes. */
export const pageParameters = {
  limit: integer().pipe(z.number().min(1).max(100)).default(10),
  starting_after: text().optional(),
  ending_before: text().optional(),
}

interface Page {
  readonly limit: number
  readonly starting_after?: string | undefined
  readonly ending_before?: string | undefined
}

/** A page of what was made, newest first. */
export function pageOf<T extends { readonly id: string }>(url: string, oldestFirst: Iterable<T>, page: Page): Stripe.ApiList<T> {
  const all = [...oldestFirst].toReversed()
  const { limit, starting_after: after, ending_before: before } = page
  if (before !== undefined) {
    const end = indexOf(all, before, 'ending_before')
    const start = Math.max(0, end - limit)
    return { object: 'list', data: all.slice(start, end), has_more: start > 0, url }
  }
  const start = after === undefined ? 0 : indexOf(all, after, 'starting_after') + 1
  return { object: 'list', data: all.slice(start, start + limit), has_more: start + limit < all.length, url }
}

function indexOf(all: readonly { readonly id: string }[], id: string, param: string): number {
  const index = all.findIndex((each) => each.id === id)
  if (index === -1) throw noSuch('object', id, param, 400)
  return index
}
