import {
  type AnswerCallRequest,
  type AnswerCallResponse,
  type AttributionServiceImplementation,
  BookingServiceDefinition,
  type BookAppointmentRequest,
  type BookAppointmentResponse,
  type BookingServiceImplementation,
  type ListAttributionsRequest,
  type ListAttributionsResponse,
  type ResolveCompanyRequest,
  type ResolveCompanyResponse,
} from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { callerOf, createRpcServer, requireAllCompanies, requireCompany, type RpcServerOptions } from '@frontdesk/rpc'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'

const notHere = () => Promise.reject(new FrontdeskError('internal', { publicMessage: 'the ingress never calls this' }))

/** The resolver's methods that the ingress calls, of a ringing phone and for a replay; nothing is anybody's until the test says whose. */
export function createAttribution() {
  type Resolve = (request: ResolveCompanyRequest) => Promise<ResolveCompanyResponse>
  const nobody: Resolve = async () => ({
    decision: { $case: 'unresolved', value: { reason: 'QUARANTINE_REASON_NO_MATCH', details: [], discard: undefined } },
  })
  const asked: ResolveCompanyRequest[] = []
  let resolve = nobody
  type List = (request: ListAttributionsRequest) => Promise<Partial<ListAttributionsResponse>>
  const none: List = async () => ({})
  const listed: ListAttributionsRequest[] = []
  let list = none
  const implementation: AttributionServiceImplementation = {
    getAttribution: notHere,
    listQuarantine: notHere,
    releaseEvent: notHere,
    discardEvent: notHere,
    releaseSiblings: notHere,
    listAudits: notHere,
    reviewAttribution: notHere,
    planReattribution: notHere,
    listLabels: notHere,
    listAttributions: async (request, context) => {
      requireAllCompanies(context)
      listed.push(request)
      return list(request)
    },
    resolveCompany: async (request, context) => {
      requireAllCompanies(context, ['webhook-ingress'])
      asked.push(request)
      return resolve(request)
    },
  }
  return {
    implementation,
    asked,
    answer: (next: Resolve = nobody) => void (resolve = next),
    listed,
    list: (next: List = none) => void (list = next),
  }
}

/** Booking's methods that the ingress calls, over real gRPC; its callers are strangers, and nothing can be booked, until the test says so. */
export async function startBooking(verifier: RpcServerOptions['verifier']) {
  type Answer = (request: AnswerCallRequest) => Promise<AnswerCallResponse>
  const strangers: Answer = async () => ({
    accepted: true,
    refusal: 'CALL_REFUSAL_UNSPECIFIED',
    customerName: '',
    nextAppointment: undefined,
  })
  const asked: { companies: unknown; request: AnswerCallRequest }[] = []
  let answer = strangers
  type BookAppointment = (request: BookAppointmentRequest) => Promise<BookAppointmentResponse>
  const takenAlways: BookAppointment = async () => ({ outcome: { $case: 'refused', value: 'BOOKING_REFUSAL_TAKEN' } })
  const wanted: { companies: unknown; request: BookAppointmentRequest }[] = []
  let bookNow = takenAlways
  const implementation: BookingServiceImplementation = {
    getAppointment: notHere,
    listAppointments: notHere,
    getCustomer: notHere,
    listCustomers: notHere,
    answerCall: async (request, context) => {
      requireCompany(context, request.companyId)
      const { companies } = callerOf(context)
      asked.push({ companies: companies === 'all' ? companies : [...companies], request })
      return answer(request)
    },
    listFreeTimes: async ({ companyId, startsFrom }, context) => {
      requireCompany(context, companyId)
      return { startsAt: startsFrom ? [startsFrom] : [] }
    },
    bookAppointment: async (request, context) => {
      requireCompany(context, request.companyId)
      const { companies } = callerOf(context)
      wanted.push({ companies: companies === 'all' ? companies : [...companies], request })
      return bookNow(request)
    },
  }
  const server = createRpcServer({ telemetry: createTestTelemetry(), verifier, drainMs: 100 })
  server.add(BookingServiceDefinition, implementation)
  const port = await server.listen('127.0.0.1:0')
  return {
    address: `127.0.0.1:${port}`,
    asked,
    answer: (next: Answer = strangers) => void (answer = next),
    /** What it was asked to book. */
    wanted,
    book: (next: BookAppointment = takenAlways) => void (bookNow = next),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
