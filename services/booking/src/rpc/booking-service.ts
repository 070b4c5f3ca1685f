import type { BookingServiceImplementation, CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { pageSizeOf, requireCompany } from '@frontdesk/rpc'
import type { answerCall } from '../app/answer-call.ts'
import type { bookAppointment } from '../app/book-appointment.ts'
import type { listFreeTimes } from '../app/list-free-times.ts'
import type { AppointmentReader, CustomerReader } from '../app/ports.ts'
import {
  fromBookRequest,
  fromCallerNumber,
  fromFreeTimesRequest,
  fromStatusMessage,
  toAnswerMessage,
  toAppointmentMessage,
  toBookResponse,
  toCustomerMessage,
} from './convert.ts'

export interface BookingServiceDependencies {
  readonly appointments: (companyId: CompanyId) => AppointmentReader
  readonly customers: (companyId: CompanyId) => CustomerReader
  readonly answerCall: ReturnType<typeof answerCall>
  readonly listFreeTimes: ReturnType<typeof listFreeTimes>
  readonly bookAppointment: ReturnType<typeof bookAppointment>
}

/** `frontdesk.booking.v1.BookingService`: a reader can't be had but for a company that stands in the caller's token. */
export function createBookingService(deps: BookingServiceDependencies): BookingServiceImplementation {
  return {
    async getAppointment(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const found = await deps.appointments(companyId).get(request.appointmentId)
      if (!found) throw notFound('appointment')
      return { appointment: toAppointmentMessage(companyId, found) }
    },

    async listAppointments(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const { items, nextPageToken } = await deps.appointments(companyId).list({
        customerId: request.customerId || undefined,
        status: fromStatusMessage(request.status),
        originId: request.originId || undefined,
        flagged: request.flagged,
        limit: pageSizeOf(request.pageSize),
        pageToken: request.pageToken,
      })
      return { appointments: items.map((item) => toAppointmentMessage(companyId, item)), nextPageToken }
    },

    async getCustomer(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const found = await deps.customers(companyId).get(request.customerId)
      if (!found) throw notFound('customer')
      return { customer: toCustomerMessage(companyId, found) }
    },

    async listCustomers(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const { items, nextPageToken } = await deps.customers(companyId).list({
        limit: pageSizeOf(request.pageSize),
        pageToken: request.pageToken,
      })
      return { customers: items.map((item) => toCustomerMessage(companyId, item)), nextPageToken }
    },

    async answerCall(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return toAnswerMessage(await deps.answerCall({ companyId, callerNumber: fromCallerNumber(request.callerNumber) }))
    },

    async listFreeTimes(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return { startsAt: await deps.listFreeTimes(fromFreeTimesRequest(companyId, request)) }
    },

    async bookAppointment(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return toBookResponse(await deps.bookAppointment(fromBookRequest(companyId, request)))
    },
  }
}

/** The same words for an id that does not exist and for another company's. */
function notFound(what: string): FrontdeskError {
  return new FrontdeskError('not_found', { publicMessage: `This company has no such ${what}.` })
}
