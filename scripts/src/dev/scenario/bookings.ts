import { randomBytes } from 'node:crypto'
import { calcomWebhook, signCalcom } from '@frontdesk/providers/testing'
import type { DemoCompany, Manifest } from '../../stack/manifest.ts'
import { appointmentOf, messageOf } from '../follow.ts'
import type { PublicInterfaces } from '../public-interfaces.ts'
import type { SignedWebhook } from '../webhooks.ts'
import type { Effect, EventStep, Expectation } from './step.ts'
import { webhookStep } from './webhook-step.ts'

const hourMs = 60 * 60 * 1000

/** A booking that is made, moved and cancelled; its guest is told on WhatsApp that it is confirmed. */
export function bookingSteps(manifest: Manifest, company: DemoCompany, guestNumber: string, now: Date): EventStep[] {
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
    attendees: [{ name: 'Grace Guest', email: `grace-${series}@example.com`, timeZone: company.timeZone, phoneNumber: guestNumber }],
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
  const step = (name: string, verb: string, entityId: string, body: Buffer, effects: Effects): EventStep =>
    webhookStep(manifest, {
      name: `calcom ${name}`,
      webhook: signedByCalcom(company, company.calcom.secret, body),
      entityId,
      eventType: `frontdesk.calendar_booking.${verb}.v1`,
      expect: { kind: 'attributed', company, effects },
    })
  return [
    step('BOOKING_CREATED', 'created', uid, created.body, async (outside) => {
      const confirmed = await appointment(outside, company, uid, 'confirmed', startsAt)
      return [confirmed, await confirmation(outside, company, confirmed.ids.appointmentId)]
    }),
    step('BOOKING_RESCHEDULED', 'rescheduled', movedUid, moved.body, async (outside) => [
      await appointment(outside, company, uid, 'confirmed', movedTo),
    ]),
    step('BOOKING_CANCELLED', 'cancelled', movedUid, cancelled.body, async (outside) => [
      await appointment(outside, company, uid, 'cancelled', movedTo),
    ]),
  ]
}

type Effects = Extract<Expectation, { kind: 'attributed' }>['effects']

async function appointment(
  outside: PublicInterfaces,
  company: DemoCompany,
  originId: string,
  status: 'confirmed' | 'cancelled',
  startsAt: Date,
) {
  const { appointmentId } = await appointmentOf(
    outside,
    company.id,
    originId,
    (found) => found.status === `APPOINTMENT_STATUS_${status.toUpperCase()}` && found.startsAt?.getTime() === startsAt.getTime(),
  )
  return { text: `appointment ${appointmentId} ${status}`, ids: { appointmentId } }
}

async function confirmation(outside: PublicInterfaces, company: DemoCompany, appointmentId: string): Promise<Effect> {
  const { messageId, providerMessageId } = await messageOf(outside, company.id, { appointmentId }, 'MESSAGE_STATUS_DELIVERED')
  return { text: `WhatsApp confirmation ${messageId} sent, delivered`, ids: { messageId, providerMessageId } }
}

/** A body as Cal.com signs and sends it to a company's connection. */
export function signedByCalcom({ calcom: { connectionId } }: DemoCompany, secret: string, body: Buffer): SignedWebhook {
  return { path: `/v1/webhooks/calcom/${connectionId}`, body, headers: { 'x-cal-signature-256': signCalcom(body, secret) } }
}
