import { AttributionServiceDefinition, BookingServiceDefinition } from '@frontdesk/contracts'
import { createGuard, createRpcClient, type TokenSource } from '@frontdesk/rpc'
import type { Telemetry } from '@frontdesk/telemetry'
import type { BookingDesk, CallDesk, CompanyFinder } from '../app/ports.ts'
import { createBookingDesk } from './booking-desk.ts'
import { createCallDesk } from './call-desk.ts'
import { createCompanyFinder } from './company-finder.ts'

/** One after the other they fit into the 2 s that a ringing phone has. */
const resolverTimeoutMs = 700
const bookingTimeoutMs = 1_000

export interface InboundNeighbours {
  readonly resolverAddress: string
  readonly bookingAddress: string
  readonly issuer: TokenSource
  readonly telemetry: Telemetry
}

/** Connects to whom a call is asked of. The questions only read, and a booking has its key, so that all may be asked twice. */
export function connectInbound({ resolverAddress, bookingAddress, issuer, telemetry }: InboundNeighbours) {
  const opened = new AsyncDisposableStack()
  const resolver = opened.use(
    createRpcClient(AttributionServiceDefinition, {
      address: resolverAddress,
      audience: 'company-resolver',
      issuer,
      telemetry,
      deadlineMs: resolverTimeoutMs,
      retryMethods: ['resolveCompany'],
    }),
  )
  const booking = opened.use(
    createRpcClient(BookingServiceDefinition, {
      address: bookingAddress,
      audience: 'booking',
      issuer,
      telemetry,
      deadlineMs: bookingTimeoutMs,
      retryMethods: ['answerCall', 'listFreeTimes', 'bookAppointment'],
    }),
  )
  const companies: CompanyFinder = createCompanyFinder(
    resolver,
    createGuard({ audience: 'company-resolver', timeoutMs: resolverTimeoutMs }),
  )
  const guard = createGuard({ audience: 'booking', timeoutMs: bookingTimeoutMs })
  const desk: CallDesk = createCallDesk(booking, guard)
  const bookings: BookingDesk = createBookingDesk(booking, guard)
  return { companies, desk, bookings, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
