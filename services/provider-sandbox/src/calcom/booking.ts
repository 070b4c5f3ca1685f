/** Who comes. */
export interface Attendee {
  readonly name: string
  readonly email: string
  readonly timeZone: string
  readonly language: string
  readonly phoneNumber?: string | undefined
}

/** What a booking begins with. */
export interface BookingDetails {
  readonly id: number
  readonly uid: string
  readonly eventTypeId: number
  readonly start: Date
  readonly minutes: number
  readonly attendee: Attendee
  readonly guests: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly bookingFieldsResponses: Readonly<Record<string, unknown>>
}

/** A booking as Cal.com's API v2 shows it. */
export interface Booking {
  readonly id: number
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly hosts: readonly { id: number; name: string; email: string; username: string; timeZone: string }[]
  readonly status: 'accepted' | 'cancelled'
  readonly cancellationReason?: string
  readonly reschedulingReason?: string
  readonly rescheduledByEmail?: string
  readonly rescheduledFromUid?: string
  readonly rescheduledToUid?: string
  /** ISO 8601, UTC. */
  readonly start: string
  readonly end: string
  /** In minutes. */
  readonly duration: number
  readonly eventTypeId: number
  readonly eventType: { readonly id: number; readonly slug: string }
  readonly location: string
  readonly absentHost: boolean
  readonly createdAt: string
  readonly updatedAt: string
  readonly metadata: Readonly<Record<string, string>>
  readonly icsUid: string
  readonly attendees: readonly (Attendee & { readonly absent: boolean })[]
  readonly guests: readonly string[]
  readonly bookingFieldsResponses: Readonly<Record<string, unknown>>
}

const host = { id: 1, name: 'Sandbox', email: 'host@example.com', username: 'sandbox', timeZone: 'UTC' }

export function newBooking(details: BookingDetails, now: Date): Booking {
  const { id, uid, eventTypeId, start, minutes, attendee } = details
  return {
    id,
    uid,
    title: `${minutes} min between ${host.name} and ${attendee.name}`,
    description: '',
    hosts: [host],
    status: 'accepted',
    start: start.toISOString(),
    end: new Date(start.getTime() + minutes * 60_000).toISOString(),
    duration: minutes,
    eventTypeId,
    eventType: { id: eventTypeId, slug: `event-type-${eventTypeId}` },
    location: 'integrations:daily',
    absentHost: false,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    metadata: details.metadata,
    icsUid: `${uid}@Cal.com`,
    attendees: [{ ...attendee, absent: false }],
    guests: details.guests,
    bookingFieldsResponses: { ...details.bookingFieldsResponses, email: attendee.email, name: attendee.name, guests: details.guests },
  }
}

export function cancelled(booking: Booking, reason: string | undefined, now: Date): Booking {
  return { ...booking, status: 'cancelled', updatedAt: now.toISOString(), ...(reason !== undefined && { cancellationReason: reason }) }
}

/** What a rescheduling says beside the new start. */
export interface Rescheduling {
  readonly start: Date
  readonly by: string | undefined
  readonly reason: string | undefined
}

/** The booking that takes a booking's place, under a new uid in the same calendar entry, and the old one, which is cancelled. */
export function rescheduled(
  booking: Booking,
  { start, by, reason }: Rescheduling,
  next: { readonly id: number; readonly uid: string },
  now: Date,
): { readonly before: Booking; readonly after: Booking } {
  const remarks = { ...(reason !== undefined && { reschedulingReason: reason }), ...(by !== undefined && { rescheduledByEmail: by }) }
  const after: Booking = {
    ...booking,
    ...next,
    ...remarks,
    start: start.toISOString(),
    end: new Date(start.getTime() + booking.duration * 60_000).toISOString(),
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    rescheduledFromUid: booking.uid,
  }
  return { after, before: { ...cancelled(booking, undefined, now), ...remarks, rescheduledToUid: next.uid } }
}
