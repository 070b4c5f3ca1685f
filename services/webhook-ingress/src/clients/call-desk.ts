import type { BookingServiceClient } from '@frontdesk/contracts'
import type { Guard, RpcCallOptions } from '@frontdesk/rpc'
import type { CallDesk } from '../app/ports.ts'

/** Booking over gRPC; each question carries a token for its own company alone. */
export function createCallDesk(client: Pick<BookingServiceClient<RpcCallOptions>, 'answerCall'>, guard: Guard): CallDesk {
  return {
    async answer(companyId, callerNumber = '') {
      const ask = (options: { signal: AbortSignal }) =>
        client.answerCall({ companyId, callerNumber }, { ...options, companies: [companyId] })
      const { accepted, refusal, customerName: name, nextAppointment: next } = await guard(ask)
      if (!accepted) return { refusal: refusal.replace('CALL_REFUSAL_', '').toLowerCase() }
      return { name, nextAppointment: next?.startsAt && { title: next.title, startsAt: next.startsAt } }
    },
  }
}
