import { z } from 'zod'
import { caselessText, identifier, instant, kindName, list, text, uint32 } from '../schema.ts'

/** What every Cal.com event has. */
export const envelope = z.object({ triggerEvent: kindName })

// In bytes: what addresses and series go into as keys holds no more, and names have room for 255 characters of any script.
const nameBytesMax = 1_020
const emailBytesMax = 320
const seriesBytesMax = 255

const attendee = z.object({
  name: text(nameBytesMax).nullish(),
  email: caselessText(emailBytesMax).nullish(),
  timeZone: text(64).nullish(),
  phoneNumber: text(64).nullish(),
})

const booking = z.object({
  uid: identifier,
  iCalUID: text(seriesBytesMax).nullish(),
  iCalSequence: uint32.nullish(),
  eventTypeId: z.int().min(0).nullish(),
  title: text(2_000).nullish(),
  startTime: instant,
  endTime: instant,
  organizer: z.object({ email: caselessText(emailBytesMax).nullish(), timeZone: text(64).nullish() }).nullish(),
  attendees: list(attendee, 500),
})

// createdAt is how a redelivery is known and how changes are put in order.
function body<Payload extends z.ZodType<{ readonly startTime: Date; readonly endTime: Date }>>(payload: Payload) {
  return z.object({
    createdAt: instant,
    payload: payload.refine(({ startTime, endTime }) => endTime > startTime, {
      path: ['endTime'],
      error: 'expected a time after startTime',
    }),
  })
}

export const bookingCreated = body(booking)
export const bookingRescheduled = body(
  booking.extend({ rescheduleUid: identifier, rescheduleStartTime: instant.nullish(), rescheduleEndTime: instant.nullish() }),
)
export const bookingCancelled = body(
  booking.extend({ cancellationReason: text(20_000).nullish(), requestReschedule: z.boolean().nullish() }),
)

export type CalcomBooking = z.output<typeof booking>
