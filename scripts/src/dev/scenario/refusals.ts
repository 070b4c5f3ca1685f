import { randomBytes } from 'node:crypto'
import { calcomWebhook, retellWebhook } from '@frontdesk/providers/testing'
import type { DemoCompany, Manifest } from '../../stack/manifest.ts'
import { signedByCalcom } from './bookings.ts'
import { signedByRetell } from './calls.ts'
import type { EventStep } from './step.ts'
import { webhookStep } from './webhook-step.ts'

/** The step's webhook once more. */
export function duplicate(step: EventStep): EventStep {
  return { ...step, name: `${step.name}, sent again`, expect: { kind: 'duplicate' } }
}

/** A webhook for one company that another's secret signed. */
export function forged(manifest: Manifest, company: DemoCompany, other: DemoCompany, now: Date): EventStep {
  const uid = randomBytes(8).toString('hex')
  const { body } = calcomWebhook('BOOKING_CREATED', { createdAt: now.toISOString(), payload: { uid } })
  return webhookStep(manifest, {
    name: 'calcom BOOKING_CREATED, forged',
    webhook: signedByCalcom(company, other.calcom.secret, body),
    entityId: uid,
    eventType: 'frontdesk.calendar_booking.created.v1',
    expect: { kind: 'refused', status: 401, code: 'signature_invalid' },
  })
}

/** A genuine call to a number of nobody's. */
export function unknownNumber(manifest: Manifest, now: Date): EventStep {
  const callId = `call_${randomBytes(8).toString('hex')}`
  const call = { call_id: callId, agent_id: 'agent_of_nobody', to_number: '+442079460999', start_timestamp: now.getTime() - 60_000 }
  return webhookStep(manifest, {
    name: 'retell call_ended, unknown number',
    webhook: signedByRetell(manifest, retellWebhook('call_ended', { call }).body, now),
    entityId: callId,
    eventType: 'frontdesk.call.ended.v1',
    expect: { kind: 'quarantined', reason: 'QUARANTINE_REASON_NO_MATCH' },
  })
}
