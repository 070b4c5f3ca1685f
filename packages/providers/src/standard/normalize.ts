import { EvidenceKind } from '@frontdesk/contracts'
import { collectEvidence } from '../evidence.ts'
import { memberOf, parseJson } from '../json.ts'
import { type Facts, model, normalizedEvent } from '../normalized-event.ts'
import type { Delivery, NormalizedEvent } from '../provider.ts'
import { identifier, instant, kindName, readAs } from '../schema.ts'
import { event, eventName } from './schema.ts'
import { standardHeaders } from './signature.ts'

/** Whose events these are only their sender knows, so that their data is passed on as it is. */
const received = model('frontdesk.provider_event.received.v1', event, ({ data }, source) => ({
  source,
  schemaViolations: [],
  data: data ?? undefined,
}))

/** The one event that a Standard Webhook tells of. */
export function normalizeStandard(rawBody: Buffer, delivery: Delivery): NormalizedEvent[] {
  const json = parseJson(rawBody)
  return [normalizedEvent('standard', { rawBody, json, delivery, facts: factsOf(json, delivery), model: received })]
}

function factsOf(json: unknown, { connectionId, headers }: Delivery): Facts {
  const kind = readAs(eventName, memberOf(json, 'type')) ?? ''
  const webhookId = headers[standardHeaders.id]
  return {
    kind,
    dedupeKey: webhookId === undefined ? undefined : [webhookId],
    entity: entityOf(kind, memberOf(json, 'data', 'id')),
    occurredAt: readAs(instant, memberOf(json, 'timestamp')),
    evidence: collectEvidence([[EvidenceKind.CONNECTION, connectionId]]),
  }
}

/** `contact.created` of `{"id":"c_1"}` is about the contact `c_1`. */
function entityOf(kind: string, id: unknown): Facts['entity'] {
  const type = readAs(kindName, kind.split(/[.:/]/, 1)[0])
  const entityId = readAs(identifier, id)
  return type === undefined || entityId === undefined ? undefined : { type, id: entityId, startedAt: undefined }
}
