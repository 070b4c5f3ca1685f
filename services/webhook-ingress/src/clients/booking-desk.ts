import type { BookingServiceClient } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Guard, RpcCallOptions } from '@frontdesk/rpc'
import type { BookingDesk } from '../app/ports.ts'

/** Booking over gRPC; each question carries a token for its own company alone. */
export function createBookingDesk(
  client: Pick<BookingServiceClient<RpcCallOptions>, 'listFreeTimes' | 'bookAppointment'>,
  guard: Guard,
): BookingDesk {
  return {
    async freeTimes(companyId, { startsAt: startsFrom, endsAt: endsBy }, durationMinutes) {
      const request = { companyId, startsFrom, endsBy, durationMinutes }
      const { startsAt } = await guard((options) => client.listFreeTimes(request, { ...options, companies: [companyId] }))
      return startsAt
    },

    async book(companyId, { key: idempotencyKey, callerNumber = '', ...wanted }) {
      const request = { ...wanted, companyId, idempotencyKey, callerNumber }
      const { outcome } = await guard((options) => client.bookAppointment(request, { ...options, companies: [companyId] }))
      if (outcome?.$case === 'refused') return { refusal: outcome.value.replace('BOOKING_REFUSAL_', '').toLowerCase() }
      const made = outcome?.value
      if (!made?.startsAt) throw new FrontdeskError('internal', { publicMessage: 'booking gave no appointment.' })
      return { appointmentId: made.appointmentId, title: made.title, startsAt: made.startsAt }
    },
  }
}
