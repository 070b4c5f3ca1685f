import type { ReceivedEvent } from '@frontdesk/bus'
import { EventSource, ProviderEventReceived } from '@frontdesk/contracts'
import { isStorableInstant } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import type { ProviderEvent } from '../domain/attribute.ts'
import { entityOf } from '../wire/entity.ts'
import { evidenceOf, isProviderName } from '../wire/evidence.ts'

/**
 * What attribution needs of an event: its `source`, the same in every payload, and of an event that is
 * not modelled what did not fit.
 * @throws FrontdeskError invalid_argument, which no retry mends, if the source can't be read.
 */
export function readProviderEvent({ envelope, body }: ReceivedEvent): ProviderEvent {
  const json = parseJson(body)
  const source = readSource(json['source'])
  const { provider, entityStartedAt, receivedAt } = source
  return {
    eventId: envelope.id,
    revision: envelope.revision,
    eventType: envelope.type,
    provider,
    entity: entityOf(source),
    entityStartedAt,
    receivedAt,
    evidence: evidenceOf(source),
    schemaViolations:
      envelope.type === 'frontdesk.provider_event.received.v1'
        ? ProviderEventReceived.fromJSON({ ...json, source: {} }).schemaViolations
        : [],
    source: EventSource.toJSON(source),
  }
}

function readSource(json: unknown): EventSource & { receivedAt: Date } {
  if (!isRecord(json)) throw undecodable('it has no source')
  const source = attempt(() => EventSource.fromJSON(json))
  const { provider, receivedAt, entityStartedAt } = source
  if (!isProviderName(provider)) throw undecodable('source.provider is not a provider’s name')
  if (!receivedAt || !isStorableInstant(receivedAt)) throw undecodable('source.received_at is not an instant from 1970 to 9999')
  if (entityStartedAt && !isInstant(entityStartedAt)) throw undecodable('source.entity_started_at is not an instant')
  if (source.occurredAt && !isInstant(source.occurredAt)) throw undecodable('source.occurred_at is not an instant')
  return { ...source, receivedAt }
}

function parseJson(body: Uint8Array): Record<string, unknown> {
  const json = attempt((): unknown => JSON.parse(Buffer.from(body).toString('utf8')))
  if (!isRecord(json)) throw undecodable('the body is not an object')
  return json
}

function attempt<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw undecodable('the body can’t be read', cause)
  }
}

function undecodable(what: string, cause?: unknown): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage: `The event can’t be attributed: ${what}.`, cause })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isInstant(value: Date): boolean {
  return !Number.isNaN(value.getTime())
}
