import { createHash } from 'node:crypto'
import {
  deriveEventId,
  encodePayload,
  type EventId,
  type EventSource,
  type EventType,
  type Evidence,
  type PayloadOf,
} from '@frontdesk/contracts'
import type { z } from 'zod'
import type { Delivery, NormalizedEvent, ProviderName } from './provider.ts'
import { fit, pathText } from './schema.ts'

/** What can be said of a verified body without its fitting any schema. */
export interface Facts {
  /** The provider's name for the event; empty when the body has none. */
  readonly kind: string
  /** What the provider repeats when it sends the same event again; undefined when it gives nothing of the kind. */
  readonly dedupeKey: readonly string[] | undefined
  readonly entity: Entity | undefined
  readonly occurredAt: Date | undefined
  readonly evidence: readonly Evidence[]
}

interface Entity {
  /** `call`, `calendar_booking`, `message`, or what Stripe calls an object. */
  readonly type: string
  readonly id: string
  readonly startedAt: Date | undefined
}

type Modelling =
  | { readonly ok: true; readonly type: EventType; readonly body: Uint8Array }
  | { readonly ok: false; readonly violations: string[] }

/** How one kind of event becomes a payload of ours; `at` is where in the body it stands. */
export type Model = (json: unknown, source: EventSource, at: readonly PropertyKey[]) => Modelling

/** Above this the bus would have to refuse the event. */
const bodyBytesMax = 256 * 1024

/** A model that reads the body by the schema and says what the payload holds. */
export function model<Type extends EventType, Body>(
  type: Type,
  schema: z.ZodType<Body>,
  payload: (body: Body, source: EventSource) => PayloadOf<Type>,
): Model {
  return (json, source, at) => {
    const reading = fit(schema, json, at)
    if (!reading.ok) return reading
    const body = encodePayload(type, payload(reading.value, source))
    if (body.length > bodyBytesMax)
      return { ok: false, violations: [`${pathText(at)}: expected at most ${bodyBytesMax} bytes when normalized`] }
    return { ok: true, type, body }
  }
}

/** A model for the kinds that we keep without reading them: only the envelope has to fit. */
export function unmodelled(envelope: z.ZodType): Model {
  return (json, source, at) => {
    const reading = fit(envelope, json, at)
    return reading.ok ? received(source, []) : reading
  }
}

/** The event that a verified body stands for; one that does not fit its model is kept with what did not fit. */
export function normalizedEvent(
  provider: ProviderName,
  input: {
    readonly rawBody: Buffer
    readonly json: unknown
    /** Where in the body that stands; nothing for all of it. */
    readonly at?: readonly PropertyKey[]
    readonly delivery: Delivery
    readonly facts: Facts
    readonly model: Model
  },
): NormalizedEvent {
  const { facts, delivery } = input
  const source: EventSource = {
    deliveryId: delivery.deliveryId,
    provider,
    connectionId: delivery.connectionId ?? '',
    providerEventType: facts.kind,
    entityType: facts.entity?.type ?? '',
    entityId: facts.entity?.id ?? '',
    entityStartedAt: facts.entity?.startedAt,
    occurredAt: facts.occurredAt,
    receivedAt: delivery.receivedAt,
    evidence: [...facts.evidence],
  }
  const modelling = input.model(input.json, source, input.at ?? [])
  const { type, body } = modelling.ok ? modelling : received(source, modelling.violations)
  return {
    id: eventIdOf(provider, delivery, facts, input.rawBody),
    type,
    entityId: facts.entity?.id ?? delivery.deliveryId,
    occurredAt: facts.occurredAt ?? delivery.receivedAt,
    body,
  }
}

function received(source: EventSource, schemaViolations: string[]) {
  const type = 'frontdesk.provider_event.received.v1'
  return { ok: true, type, body: encodePayload(type, { source, schemaViolations, data: undefined }) } as const
}

/** Scoped to the secret that verified, so that no company can claim the id of another's event. */
function eventIdOf(provider: ProviderName, delivery: Delivery, { kind, dedupeKey }: Facts, rawBody: Buffer): EventId {
  const key = dedupeKey ?? [createHash('sha256').update(rawBody).digest()]
  return deriveEventId([provider, delivery.connectionId ?? 'platform', kind, ...key])
}
