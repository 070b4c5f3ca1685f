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

const anyBooking = z.object({
  uid: identifier,
  iCalUID: text(seriesBytesMax).nullish(),
  iCalSequence: uint32.nullish(),
  eventTypeId: z.int().min(0).nullish(),
  title: text(2_000).nullish(),
  startTime: instant,
  endTime: instant,
  organizer: z.object({ email: caselessText(emailBytesMax).nullish(), timeZone: text(64).nullish() }).nullish(),
  attendees: list(attendee, 500).nullish(),
})
const booking = anyBooking.extend({ attendees: list(attendee, 500) })
const previous = { rescheduleStartTime: instant.nullish(), rescheduleEndTime: instant.nullish() }

interface Times {
  readonly startTime: Date
  readonly endTime: Date
}

function inOrder<Booking extends z.ZodType<Times>>(schema: Booking) {
  return schema.refine(({ startTime, endTime }) => endTime > startTime, { path: ['endTime'], error: 'expected a time after startTime' })
}

// createdAt is how a redelivery is known and how changes are put in order.
function body<Payload extends z.ZodType<Times>>(payload: Payload) {
  return z.object({ createdAt: instant, payload: inOrder(payload) })
}

export const bookingCreated = body(booking)
export const bookingRescheduled = body(booking.extend({ ...previous, rescheduleUid: identifier }))
export const bookingCancelled = body(
  booking.extend({ cancellationReason: text(20_000).nullish(), requestReschedule: z.boolean().nullish() }),
)
export const bookingRequested = body(booking.extend({ ...previous, rescheduleUid: identifier.nullish() }))
export const bookingRejected = body(anyBooking.extend({ rejectionReason: text(20_000).nullish() }))
export const bookingMoved = body(anyBooking.extend({ location: text(2_000).nullish() }))
/** What tells of a booking without changing it. */
export const bookingTold = body(anyBooking)

/** A booking as it stands in Cal.com's database, which names its host otherwise. */
export const bookingRow = inOrder(anyBooking.omit({ organizer: true }).extend({ userPrimaryEmail: caselessText(emailBytesMax).nullish() }))

export const noShow = z.object({
  createdAt: instant,
  payload: z
    .object({
      bookingUid: identifier.nullish(),
      uid: identifier.nullish(),
      attendees: list(z.object({ email: caselessText(emailBytesMax).nullish(), noShow: z.boolean().nullish() }), 500).nullish(),
    })
    .refine(({ bookingUid, uid }) => Boolean(bookingUid ?? uid), { path: ['bookingUid'], error: 'expected string' }),
})

export type CalcomBooking = z.output<typeof anyBooking>
