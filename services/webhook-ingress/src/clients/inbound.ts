import { AttributionServiceDefinition, BookingServiceDefinition } from '@frontdesk/contracts'
import { createGuard, createRpcClient, type TokenSource } from '@frontdesk/rpc'
import type { Telemetry } from '@frontdesk/telemetry'
import type { CallDesk, CompanyFinder } from '../app/ports.ts'
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

/** Connects to whom a ringing call is asked of. Both questions only read, so that they may be asked twice. */
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
      retryMethods: ['answerCall'],
    }),
  )
  const companies: CompanyFinder = createCompanyFinder(
    resolver,
    createGuard({ audience: 'company-resolver', timeoutMs: resolverTimeoutMs }),
  )
  const desk: CallDesk = createCallDesk(booking, createGuard({ audience: 'booking', timeoutMs: bookingTimeoutMs }))
  return { companies, desk, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
