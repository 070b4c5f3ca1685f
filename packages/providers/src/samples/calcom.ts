import { calcomDefaults } from '../calcom/samples.ts'
import { calcomSignatureHeader, signCalcom } from '../calcom/signature.ts'
import type { JsonValue } from '../json.ts'
import { replaceMembers, type LiveSamples } from './live-sample.ts'

const dayMs = 24 * 60 * 60 * 1000
const daysAheadMax = 90

export const calcomSamples: LiveSamples = {
  secret: 'connection',
  events: [
    ...[
      'CREATED',
      'REQUESTED',
      'RESCHEDULED',
      'CANCELLED',
      'REJECTED',
      'PAID',
      'PAYMENT_INITIATED',
      'NO_SHOW_UPDATED',
      'LOCATION_UPDATED',
      'REASSIGNED',
    ].map((verb) => `BOOKING_${verb}`),
    'MEETING_STARTED',
    'MEETING_ENDED',
    'RECORDING_READY',
    'AFTER_HOSTS_CAL_VIDEO_NO_SHOW',
    'AFTER_GUESTS_CAL_VIDEO_NO_SHOW',
    'FORM_SUBMITTED',
    'PING',
  ],
  body(event, { eventTypeId, organizerEmail }, { happenedAt, nonce }) {
    const sample = calcomDefaults(event)
    // Any day of the coming months, so that several bookings are at several times.
    const daysAhead = 1 + (Number.parseInt(nonce.slice(-8), 16) % daysAheadMax || 0)
    const midnightMs = Math.floor(happenedAt.getTime() / dayMs) * dayMs
    let firstMs = Number.POSITIVE_INFINITY
    replaceMembers(sample, (name, value) => {
      const timeMs = bookedAtMs(name, value)
      if (timeMs !== undefined) firstMs = Math.min(firstMs, timeMs)
      return value
    })
    const laterMs = midnightMs + daysAhead * dayMs - Math.floor(firstMs / dayMs) * dayMs
    return replaceMembers(sample, (name, value) => {
      const timeMs = bookedAtMs(name, value)
      if (timeMs !== undefined) return new Date(timeMs + laterMs).toISOString()
      switch (name) {
        case 'createdAt':
          return happenedAt.toISOString()
        case 'uid':
        case 'bookingUid':
          return nonce
        case 'iCalUID':
          return `${nonce}@Cal.com`
        case 'eventTypeId':
          return eventTypeId ?? value
        case 'userPrimaryEmail':
          return organizerEmail ?? value
        case 'organizer':
          return withEmail(value, organizerEmail)
        default:
          return value
      }
    })
  },
  sign: (body, secret) => ({ [calcomSignatureHeader]: signCalcom(body, secret) }),
}

function bookedAtMs(name: string, value: JsonValue): number | undefined {
  return /^(?:start|end|rescheduleStart|rescheduleEnd)Time$/.test(name) && typeof value === 'string' ? Date.parse(value) : undefined
}

/** The host of a test is nobody's, and has no id. */
function withEmail(organizer: JsonValue, email: string | undefined): JsonValue {
  if (email === undefined || typeof organizer !== 'object' || organizer === null || Array.isArray(organizer) || !('id' in organizer)) {
    return organizer
  }
  return { ...organizer, email }
}
