import { z } from 'zod'
import { noSuch } from '../errors.ts'
import { pageOf, pageParameters } from '../pages.ts'
import { integer, text } from '../parameters.ts'
import type { StripeRoutes } from '../routing.ts'

export function registerEvents({ add, state }: StripeRoutes): void {
  const range = z.strictObject({ gt: integer(), gte: integer(), lt: integer(), lte: integer() }).partial()
  const listed = { ...pageParameters, type: text().optional(), types: z.array(text()).optional(), created: range.optional() }
  add('GET', '/v1/events', listed, ({ parameters }) => {
    const { type, types, created: { gt = -1, gte = 0, lt = Infinity, lte = Infinity } = {} } = parameters
    const found = [...state.events.values()]
      .filter((event) => type === undefined || event.type === type)
      .filter((event) => types === undefined || types.includes(event.type))
      .filter(({ created }) => created > gt && created >= gte && created < lt && created <= lte)
    return pageOf('/v1/events', found, parameters)
  })
  add('GET', '/v1/events/:id', {}, ({ path }) => {
    const event = state.events.get(path.id ?? '')
    if (!event) throw noSuch('event', path.id ?? '')
    return event
  })
  add('GET', '/v2/core/events/:id', {}, ({ path }) => {
    const event = state.thinEvents.get(path.id ?? '')
    if (!event) throw noSuch('event', path.id ?? '')
    return event
  })
}
