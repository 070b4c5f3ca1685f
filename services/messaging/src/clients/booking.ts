import type { AppointmentStatus, BookingServiceDefinition } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import type { AppointmentFacts, Appointments } from '../app/ports.ts'
import { orUndefined } from './or-undefined.ts'

const statuses: Readonly<Record<AppointmentStatus, AppointmentFacts['status']>> = {
  APPOINTMENT_STATUS_REQUESTED: 'requested',
  APPOINTMENT_STATUS_CONFIRMED: 'confirmed',
  APPOINTMENT_STATUS_CANCELLED: 'cancelled',
  APPOINTMENT_STATUS_UNSPECIFIED: 'unknown',
  UNRECOGNIZED: 'unknown',
}

/** Booking over gRPC, by tokens for the one company. */
export function createAppointments(
  client: Pick<RpcClient<typeof BookingServiceDefinition>, 'getAppointment' | 'getCustomer'>,
): Appointments {
  return {
    async find(companyId, appointmentId) {
      const answer = await orUndefined(client.getAppointment({ companyId, appointmentId }, { companies: [companyId] }))
      const appointment = answer?.appointment
      if (!appointment) return undefined
      const { status, customerId, title, startsAt } = appointment
      return { status: statuses[status], customerId, title, startsAt }
    },

    async findCustomer(companyId, customerId) {
      const answer = await orUndefined(client.getCustomer({ companyId, customerId }, { companies: [companyId] }))
      return answer?.customer && { name: answer.customer.name, phoneNumber: answer.customer.phoneNumber }
    },
  }
}
