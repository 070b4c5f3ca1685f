import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { CalcomSandbox } from '../calcom/calcom.ts'
import { jsonBody } from './input.ts'

const eventTypeSchema = z.strictObject({ eventTypeId: z.int().positive(), minutes: z.int().min(5).max(480) })

/** Cal.com's state, and what its dashboard does. */
export function registerCalcomControl(server: FastifyInstance, { state }: CalcomSandbox): void {
  server.get('/state/calcom', () => ({ bookings: [...state.bookings.values()] }))
  server.put('/calcom/event-types', (request) => {
    const { eventTypeId, minutes } = jsonBody(request, eventTypeSchema)
    state.eventTypes.set(String(eventTypeId), minutes)
    return { eventTypeId, minutes }
  })
}
