import { z } from 'zod'
import { badRequest } from './errors.ts'

const email = z.email()
const timeZone = z.string().refine(isTimeZone, 'must be an IANA time zone')
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
/** A date alone is its midnight in UTC. */
const dayOrInstant = z.union([z.iso.date().transform((text) => new Date(text)), instant])

export const slotsSchema = z.object({
  eventTypeId: z.coerce.number().int().positive(),
  start: dayOrInstant,
  end: z.union([z.iso.date().transform((text) => new Date(Date.parse(text) + 86_400_000)), instant]),
  timeZone: timeZone.default('UTC'),
  duration: z.coerce.number().int().min(1).max(1_440).optional(),
})

export const bookingSchema = z.object({
  eventTypeId: z.int().positive(),
  start: instant,
  lengthInMinutes: z.int().min(1).max(1_440).optional(),
  attendee: z.object({
    name: z.string().min(1),
    email,
    timeZone,
    language: z.string().default('en'),
    phoneNumber: z.string().optional(),
  }),
  guests: z.array(email).default([]),
  metadata: z.record(z.string().max(40), z.string().max(500)).default({}),
  bookingFieldsResponses: z.record(z.string(), z.unknown()).default({}),
})

export const rescheduleSchema = z.object({ start: instant, rescheduledBy: email.optional(), reschedulingReason: z.string().optional() })
export const cancelSchema = z.object({ cancellationReason: z.string().optional() })

/** @throws ProviderError in Cal.com's shape. */
export function parsed<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw badRequest(result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))
}

/** The body as JSON; none is an empty object. @throws ProviderError */
export function jsonOf(body: unknown): unknown {
  const text = Buffer.isBuffer(body) ? body.toString() : ''
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('The body is no JSON.')
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
