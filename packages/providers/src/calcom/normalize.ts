import { EvidenceKind } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { collectEvidence } from '../evidence.ts'
import { memberOf, parseJson } from '../json.ts'
import { type Facts, type Model, normalizedEvent } from '../normalized-event.ts'
import type { Delivery, NormalizedEvent } from '../provider.ts'
import { identifier, instant, kindName, readAs } from '../schema.ts'
import { isFlat, modelOf } from './models.ts'

/** The one event that a Cal.com webhook tells of. */
export function normalizeCalcom(rawBody: Buffer, delivery: Delivery): NormalizedEvent[] {
  const json = readJson(rawBody)
  const facts = factsOf(json, delivery)
  return [normalizedEvent('calcom', { rawBody, json, delivery, facts, model: json === undefined ? notJson : modelOf(facts.kind) })]
}

/** A host's template can make anything of a body, and Cal.com never sends again: so what is not JSON is kept as well. */
const notJson: Model = () => ({ ok: false, violations: ['(body): expected JSON in UTF-8'] })

/** Whatever the Content-Type says; undefined for what is not JSON. */
function readJson(rawBody: Buffer): unknown {
  try {
    return parseJson(rawBody)
  } catch (error) {
    if (isFrontdeskError(error, 'malformed_json')) return undefined
    throw error
  }
}

const startingKinds: ReadonlySet<string> = new Set(['BOOKING_CREATED', 'BOOKING_RESCHEDULED', 'BOOKING_REQUESTED'])

function factsOf(json: unknown, { connectionId }: Delivery): Facts {
  const kind = readAs(kindName, memberOf(json, 'triggerEvent')) ?? ''
  const meeting = kind === 'MEETING_STARTED' || kind === 'MEETING_ENDED'
  // Only these are flat; in others the root can hold a form's answers, which are no evidence.
  const flat = meeting && isFlat(json)
  const subject = flat ? json : memberOf(json, 'payload')
  const uid = readAs(identifier, memberOf(subject, 'uid')) ?? readAs(identifier, memberOf(subject, 'bookingUid'))
  const createdAt = readAs(instant, memberOf(json, 'createdAt'))
  const endsAt = readAs(instant, memberOf(subject, 'endTime'))
  const startsBooking = flat || startingKinds.has(kind)
  const keyTime = meeting ? endsAt : createdAt
  return {
    kind,
    dedupeKey: uid !== undefined && keyTime ? [uid, keyTime.toISOString()] : undefined,
    entity: uid === undefined ? undefined : { type: 'calendar_booking', id: uid, startedAt: startsBooking ? createdAt : undefined },
    occurredAt: meeting ? (kind === 'MEETING_ENDED' ? endsAt : readAs(instant, memberOf(subject, 'startTime'))) : createdAt,
    evidence: collectEvidence([
      [EvidenceKind.CONNECTION, connectionId],
      // The test button sends an invented booking of an invented host.
      ...(kind === 'PING' ? [] : namedBy(subject)),
      ...(flat ? hostOfRow(json) : []),
    ]),
  }
}

/**
 * What Cal.com itself says of whose booking it is. Not `responses`, and not `metadata` either:
 * whoever opens a booking page can set that in its URL.
 */
function namedBy(subject: unknown): Parameters<typeof collectEvidence>[0] {
  return [
    [EvidenceKind.ORGANIZER_EMAIL, memberOf(subject, 'organizer', 'email')],
    [EvidenceKind.ORGANIZER_ID, memberOf(subject, 'organizer', 'id')],
    [EvidenceKind.EVENT_TYPE, memberOf(subject, 'eventTypeId')],
    [EvidenceKind.ORGANIZATION, memberOf(subject, 'organizationId')],
    [EvidenceKind.TEAM, memberOf(subject, 'teamId')],
  ]
}

/** A flat event is the booking's row in Cal.com's database, which names its host otherwise. */
function hostOfRow(row: unknown): Parameters<typeof collectEvidence>[0] {
  return [
    [EvidenceKind.ORGANIZER_EMAIL, memberOf(row, 'userPrimaryEmail')],
    [EvidenceKind.ORGANIZER_ID, memberOf(row, 'userId')],
  ]
}
