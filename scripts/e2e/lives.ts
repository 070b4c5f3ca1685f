import { createHash } from 'node:crypto'
import { calcomWebhook, retellWebhook, signCalcom, signRetell } from '@frontdesk/providers/testing'
import type { SignedWebhook } from '../src/dev/webhooks.ts'
import type { DemoCompany, Manifest } from '../src/stack/manifest.ts'

/** What a company has to have in the end. */
export interface ExpectedAppointment {
  readonly companyId: string
  readonly originId: string
  readonly status: 'requested' | 'confirmed' | 'cancelled'
  readonly startsAt: Date
}

/** Webhooks whose signatures are made when they are sent, as a provider makes a new one for each try. */
export interface Workload {
  readonly webhooks: readonly (() => SignedWebhook)[]
  readonly appointments: readonly ExpectedAppointment[]
  /** Those among the webhooks that booking hears of. */
  readonly forBooking: number
}

const minuteMs = 60_000
const begun = new Date(Math.floor(Date.now() / minuteMs) * minuteMs)
const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 24)

/** Calls of three webhooks each, half of which ask for an appointment, and bookings that are made, moved and half of them cancelled. */
export function workload({ companies, providers }: Manifest, calls: number, bookings: number): Workload {
  const webhooks: (() => SignedWebhook)[] = []
  const appointments: ExpectedAppointment[] = []
  const companyOf = (index: number) => companies[index % companies.length] as DemoCompany
  for (let index = 0; index < calls; index += 1) {
    const life = callLife(companyOf(index), index)
    webhooks.push(...life.bodies.map((body) => () => retell(providers.retell.apiKey, body)))
    if (life.appointment) appointments.push(life.appointment)
  }
  for (let index = 0; index < bookings; index += 1) {
    const company = companyOf(index)
    const life = bookingLife(company, index)
    webhooks.push(...life.bodies.map((body) => () => calcom(company, body)))
    appointments.push(life.appointment)
  }
  return { webhooks, appointments, forBooking: calls + bookings * 3 }
}

function callLife(company: DemoCompany, index: number): { bodies: Buffer[]; appointment: ExpectedAppointment | undefined } {
  const callId = `call_${hash(`call ${index}`)}`
  const call = {
    call_id: callId,
    agent_id: company.retellAgentIds[0] ?? '',
    to_number: company.phoneNumbers[0] ?? '',
    start_timestamp: begun.getTime() - 120_000,
  }
  const ended = { ...call, end_timestamp: begun.getTime() - 60_000, duration_ms: 60_000 }
  const asks = index % 2 === 0
  const startsAt = new Date(begun.getTime() + (index + 1) * minuteMs)
  const custom = asks
    ? { appointment_requested: true, customer_name: `Caller ${index}`, preferred_time: startsAt.toISOString() }
    : { appointment_requested: false }
  const analyzed = { ...ended, from_number: `+4930${String(10_000_000 + index)}`, call_analysis: { custom_analysis_data: custom } }
  return {
    bodies: [
      retellWebhook('call_started', { call }).body,
      retellWebhook('call_ended', { call: ended }).body,
      retellWebhook('call_analyzed', { call: analyzed }).body,
    ],
    appointment: asks ? { companyId: company.id, originId: callId, status: 'requested', startsAt } : undefined,
  }
}

function bookingLife(company: DemoCompany, index: number): { bodies: Buffer[]; appointment: ExpectedAppointment } {
  const [first, moved] = [hash(`first ${index}`), hash(`moved ${index}`)]
  const time = (offset: number) => new Date(begun.getTime() + (index * 10 + offset) * minuteMs)
  const payload = (uid: string, offset: number, sequence: number) => ({
    uid,
    iCalUID: `${hash(`series ${index}`)}@cal.com`,
    iCalSequence: sequence,
    startTime: time(offset).toISOString(),
    endTime: time(offset + 5).toISOString(),
    organizer: { id: 1, email: company.calcom.organizerEmail, timeZone: company.timeZone },
    attendees: [{ name: `Guest ${index}`, email: `guest-${index % 50}@example.com`, timeZone: 'UTC' }],
  })
  const createdAt = (step: number) => new Date(begun.getTime() - (10 - step) * 1_000).toISOString()
  const rescheduled = { ...payload(moved, 5, 1), rescheduleUid: first, rescheduleStartTime: time(0).toISOString() }
  // The last of the three is a second reschedule for those that are not cancelled.
  const last = hash(`last ${index}`)
  const cancelled = index % 2 === 0
  return {
    bodies: [
      calcomWebhook('BOOKING_CREATED', { createdAt: createdAt(0), payload: payload(first, 0, 0) }).body,
      calcomWebhook('BOOKING_RESCHEDULED', { createdAt: createdAt(1), payload: rescheduled }).body,
      cancelled
        ? calcomWebhook('BOOKING_CANCELLED', { createdAt: createdAt(2), payload: { ...payload(moved, 5, 2), cancellationReason: 'ill' } })
            .body
        : calcomWebhook('BOOKING_RESCHEDULED', {
            createdAt: createdAt(2),
            payload: { ...payload(last, 7, 2), rescheduleUid: moved, rescheduleStartTime: time(5).toISOString() },
          }).body,
    ],
    appointment: {
      companyId: company.id,
      originId: cancelled ? moved : last,
      status: cancelled ? 'cancelled' : 'confirmed',
      startsAt: time(cancelled ? 5 : 7),
    },
  }
}

function retell(apiKey: string, body: Buffer): SignedWebhook {
  return { path: '/v1/webhooks/retell', body, headers: { 'x-retell-signature': signRetell(body, apiKey, Date.now()) } }
}

function calcom({ calcom: { connectionId, secret } }: DemoCompany, body: Buffer): SignedWebhook {
  return { path: `/v1/webhooks/calcom/${connectionId}`, body, headers: { 'x-cal-signature-256': signCalcom(body, secret) } }
}
