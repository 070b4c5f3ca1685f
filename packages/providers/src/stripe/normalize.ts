import { EvidenceKind } from '@frontdesk/contracts'
import { collectEvidence } from '../evidence.ts'
import { memberOf, parseJson } from '../json.ts'
import { type Facts, normalizedEvent } from '../normalized-event.ts'
import type { Delivery, NormalizedEvent } from '../provider.ts'
import { epochSeconds, identifier, instant, kindName, readAs } from '../schema.ts'
import { modelOf } from './models.ts'
import { eventType, reference } from './schema.ts'

/** The one event that a Stripe webhook tells of. */
export function normalizeStripe(rawBody: Buffer, delivery: Delivery): NormalizedEvent[] {
  const json = parseJson(rawBody)
  const facts = factsOf(json, delivery)
  return [normalizedEvent('stripe', { rawBody, json, delivery, facts, model: modelOf(facts.kind) })]
}

function factsOf(json: unknown, { connectionId }: Delivery): Facts {
  const kind = readAs(eventType, memberOf(json, 'type')) ?? ''
  const id = readAs(identifier, memberOf(json, 'id'))
  const object = memberOf(json, 'data', 'object')
  // A thin event names its account otherwise; null stands for our own.
  const account = memberOf(json, 'account') ?? memberOf(json, 'context') ?? undefined
  return {
    kind,
    dedupeKey: id === undefined ? undefined : [id],
    entity:
      entityOf(memberOf(object, 'object'), memberOf(object, 'id')) ??
      entityOf(memberOf(json, 'related_object', 'type'), memberOf(json, 'related_object', 'id')),
    occurredAt: readAs(epochSeconds, memberOf(json, 'created')) ?? readAs(instant, memberOf(json, 'created')),
    evidence: collectEvidence([
      [EvidenceKind.CONNECTION, connectionId],
      [EvidenceKind.STRIPE_ACCOUNT, account],
      [EvidenceKind.STRIPE_CUSTOMER, readAs(reference, memberOf(object, 'customer'))],
      [EvidenceKind.STRIPE_CUSTOMER, memberOf(object, 'object') === 'customer' ? memberOf(object, 'id') : undefined],
      // On a connected account the metadata is its owner's to write.
      [EvidenceKind.METADATA, account === undefined ? companyIdOf(kind, object) : undefined],
    ]),
  }
}

/** Without its start: a subscription lives for years, and whose it is now is asked as of the event. */
function entityOf(type: unknown, id: unknown): Facts['entity'] {
  const entityType = readAs(kindName, type)
  const entityId = readAs(identifier, id)
  return entityType === undefined || entityId === undefined ? undefined : { type: entityType, id: entityId, startedAt: undefined }
}

/** What we wrote on a subscription, which its invoices repeat; a checkout's `client_reference_id` can come from a link's URL. */
function companyIdOf(kind: string, object: unknown): unknown {
  if (kind.startsWith('customer.subscription.')) return memberOf(object, 'metadata', 'company_id')
  return kind.startsWith('invoice.') ? memberOf(object, 'parent', 'subscription_details', 'metadata', 'company_id') : undefined
}
