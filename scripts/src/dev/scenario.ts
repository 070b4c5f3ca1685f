import { randomBytes } from 'node:crypto'
import { calcomWebhook, retellWebhook, signCalcom, signRetell } from '@frontdesk/providers/testing'
import type { DemoCompany, Manifest } from '../stack/manifest.ts'
import { appointmentOf, until } from './follow.ts'
import type { PublicInterfaces } from './public-interfaces.ts'
import type { SignedWebhook } from './webhooks.ts'

/** What a webhook has to lead to. */
export type Expectation =
  | {
      readonly kind: 'attributed'
      readonly company: DemoCompany
      readonly effect: (outside: PublicInterfaces, eventId: string) => Promise<string>
    }
  | { readonly kind: 'quarantined'; readonly reason: string }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }

/** One webhook of the demonstration. */
export interface Step {
  readonly name: string
  readonly webhook: SignedWebhook
  readonly entityId: string
  readonly eventType: string
  readonly expect: Expectation
}

const hourMs = 60 * 60 * 1000

/** One webhook of each supported kind for every company, then a duplicate, a forged one, and one of an unknown number. */
export function scenario(manifest: Manifest, now: Date): Step[] {
  const perCompany = manifest.companies.map((company) => [...callSteps(manifest, company, now), ...bookingSteps(company, now)])
  const [first, second] = manifest.companies
  const calls = perCompany[0]
  if (!first || !second || !calls?.[1]) throw new Error('the demonstration needs two companies')
  return [...perCompany.flat(), duplicate(calls[1]), forged(first, second, now), unknownNumber(manifest, now)]
}

function callSteps({ providers }: Manifest, company: DemoCompany, now: Date): Step[] {
  const callId = `call_${randomBytes(8).toString('hex')}`
  const call = {
    call_id: callId,
    agent_id: company.retellAgentIds[0] ?? '',
    to_number: company.phoneNumbers[0] ?? '',
    start_timestamp: now.getTime() - 60_000,
  }
  const ended = { ...call, end_timestamp: now.getTime() - 5_000 }
  const preferred = new Date(now.getTime() + 48 * hourMs).toISOString()
  const analyzed = {
    ...ended,
    call_analysis: {
      call_summary: 'The caller asked for an appointment.',
      custom_analysis_data: {
        appointment_requested: true,
        customer_name: 'Ada Caller',
        offering: 'Consultation',
        preferred_time: preferred,
      },
    },
  }
  const step = (event: 'call_started' | 'call_ended' | 'call_analyzed', body: Buffer, effect: Effect): Step => ({
    name: `retell ${event}`,
    webhook: retell(providers.retell.apiKey, body, now),
    entityId: callId,
    eventType: `frontdesk.${event.replace('_', '.')}.v1`,
    expect: { kind: 'attributed', company, effect },
  })
  return [
    step('call_started', retellWebhook('call_started', { call }).body, publishedOn(company)),
    step('call_ended', retellWebhook('call_ended', { call: ended }).body, publishedOn(company)),
    step(
      'call_analyzed',
      retellWebhook('call_analyzed', { call: analyzed }).body,
      appointment(company, callId, 'requested', new Date(preferred)),
    ),
  ]
}

function bookingSteps(company: DemoCompany, now: Date): Step[] {
  const [uid, movedUid, series] = [0, 1, 2].map(() => randomBytes(8).toString('hex')) as [string, string, string]
  const startsAt = new Date(Math.ceil(now.getTime() / hourMs) * hourMs + 24 * hourMs)
  const movedTo = new Date(startsAt.getTime() + 2 * hourMs)
  const booking = (bookingUid: string, start: Date, sequence: number) => ({
    uid: bookingUid,
    iCalUID: `${series}@cal.com`,
    iCalSequence: sequence,
    eventTypeId: company.calcom.eventTypeIds[0] ?? 0,
    title: 'Consultation',
    startTime: start.toISOString(),
    endTime: new Date(start.getTime() + hourMs / 2).toISOString(),
    organizer: { id: 1, name: company.name, email: company.calcom.organizerEmail, timeZone: company.timeZone },
  })
  const createdAt = (offsetMs: number) => new Date(now.getTime() + offsetMs).toISOString()
  const created = calcomWebhook('BOOKING_CREATED', { createdAt: createdAt(0), payload: booking(uid, startsAt, 0) })
  const moved = calcomWebhook('BOOKING_RESCHEDULED', {
    createdAt: createdAt(1),
    payload: { ...booking(movedUid, movedTo, 1), rescheduleUid: uid, rescheduleStartTime: startsAt.toISOString() },
  })
  const cancelled = calcomWebhook('BOOKING_CANCELLED', {
    createdAt: createdAt(2),
    payload: { ...booking(movedUid, movedTo, 2), cancellationReason: 'Ill' },
  })
  const step = (name: string, verb: string, entityId: string, body: Buffer, effect: Effect): Step => ({
    name: `calcom ${name}`,
    webhook: calcom(company, company.calcom.secret, body),
    entityId,
    eventType: `frontdesk.calendar_booking.${verb}.v1`,
    expect: { kind: 'attributed', company, effect },
  })
  return [
    step('BOOKING_CREATED', 'created', uid, created.body, appointment(company, uid, 'confirmed', startsAt)),
    step('BOOKING_RESCHEDULED', 'rescheduled', movedUid, moved.body, appointment(company, uid, 'confirmed', movedTo)),
    step('BOOKING_CANCELLED', 'cancelled', movedUid, cancelled.body, appointment(company, uid, 'cancelled', movedTo)),
  ]
}

function duplicate(step: Step): Step {
  return { ...step, name: `${step.name}, sent again`, expect: { kind: 'duplicate' } }
}

function forged(company: DemoCompany, other: DemoCompany, now: Date): Step {
  const uid = randomBytes(8).toString('hex')
  const { body } = calcomWebhook('BOOKING_CREATED', { createdAt: now.toISOString(), payload: { uid } })
  return {
    name: 'calcom BOOKING_CREATED, forged',
    webhook: calcom(company, other.calcom.secret, body),
    entityId: uid,
    eventType: 'frontdesk.calendar_booking.created.v1',
    expect: { kind: 'refused', status: 401, code: 'signature_invalid' },
  }
}

function unknownNumber({ providers }: Manifest, now: Date): Step {
  const callId = `call_${randomBytes(8).toString('hex')}`
  const call = { call_id: callId, agent_id: 'agent_of_nobody', to_number: '+442079460999', start_timestamp: now.getTime() - 60_000 }
  return {
    name: 'retell call_ended, unknown number',
    webhook: retell(providers.retell.apiKey, retellWebhook('call_ended', { call }).body, now),
    entityId: callId,
    eventType: 'frontdesk.call.ended.v1',
    expect: { kind: 'quarantined', reason: 'QUARANTINE_REASON_NO_MATCH' },
  }
}

function retell(apiKey: string, body: Buffer, now: Date): SignedWebhook {
  return { path: '/v1/webhooks/retell', body, headers: { 'x-retell-signature': signRetell(body, apiKey, now.getTime()) } }
}

function calcom({ calcom: { connectionId } }: DemoCompany, secret: string, body: Buffer): SignedWebhook {
  return { path: `/v1/webhooks/calcom/${connectionId}`, body, headers: { 'x-cal-signature-256': signCalcom(body, secret) } }
}

type Effect = (outside: PublicInterfaces, eventId: string) => Promise<string>

function publishedOn(company: DemoCompany): Effect {
  return (outside, eventId) =>
    until('its event on the company’s subject', () => {
      const subject = outside.subjectsOf(eventId).find((name) => name.startsWith(`company.${company.id}.`))
      return subject && `published ${subject.slice(`company.${company.id}.`.length)}`
    })
}

function appointment(company: DemoCompany, originId: string, status: 'requested' | 'confirmed' | 'cancelled', startsAt: Date): Effect {
  return async (outside) => {
    const { appointmentId } = await appointmentOf(
      outside,
      company.id,
      originId,
      (found) => found.status === `APPOINTMENT_STATUS_${status.toUpperCase()}` && found.startsAt?.getTime() === startsAt.getTime(),
    )
    return `appointment ${appointmentId} ${status}`
  }
}
