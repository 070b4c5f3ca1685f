import { randomBytes } from 'node:crypto'
import { signStandard, standardWebhook } from '@frontdesk/providers/testing'
import type { DemoCompany, Manifest } from '../../stack/manifest.ts'
import { publishedOn } from '../follow.ts'
import type { EventStep } from './step.ts'
import { webhookStep } from './webhook-step.ts'

/** A system of the company's own tells of something by a Standard Webhook, which its subscribers get as it is. */
export function ownSystemStep(manifest: Manifest, company: DemoCompany, now: Date): EventStep {
  const entityId = `contact_${randomBytes(8).toString('hex')}`
  const { body } = standardWebhook('contact.created', { timestamp: now.toISOString(), data: { id: entityId } })
  const { connectionId, secret } = company.standard
  const headers = signStandard(body, secret, { id: `msg_${randomBytes(8).toString('hex')}`, timestampMs: now.getTime() })
  return webhookStep(manifest, {
    name: 'standard contact.created',
    webhook: { path: `/v1/webhooks/standard/${connectionId}`, body, headers },
    entityId,
    eventType: 'frontdesk.provider_event.received.v1',
    expect: { kind: 'attributed', company, effects: (outside, eventId) => publishedOn(outside, company.id, eventId) },
  })
}
