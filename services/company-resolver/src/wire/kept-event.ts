import { EventSource } from '@frontdesk/contracts'
import type { KeptAttribution } from '../app/ports.ts'
import type { ProviderEvent } from '../domain/attribute.ts'
import { entityOf } from './entity.ts'
import { evidenceOf } from './evidence.ts'

/** An event as it was decided, read out of what was kept of it, to be decided anew. */
export function keptEvent({ event, decision, asOf }: KeptAttribution): ProviderEvent {
  const source = EventSource.fromJSON(event.source)
  const { provider, entityStartedAt, receivedAt = asOf } = source
  const schemaViolations = decision.kind === 'quarantined' && decision.reason === 'schema_drift' ? decision.details : []
  return { ...event, provider, entity: entityOf(source), entityStartedAt, receivedAt, evidence: evidenceOf(source), schemaViolations }
}
