import { isEventType, parseEventId, vouchForCompanyId } from '@frontdesk/contracts'
import type { EventId } from '@frontdesk/contracts'
import { MsgHdrsImpl } from '@nats-io/nats-core'
import type { MsgHdrs } from '@nats-io/nats-core'
import { decodeText, encodeText } from './header-text.ts'
import type { EventEnvelope } from './messages.ts'
import { companyOf } from './subjects.ts'

const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const tracestatePattern = /^[\x20-\x7e]{1,512}$/
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const confidencePattern = /^(?:0|1|0\.\d{1,25}|[1-9](?:\.\d{1,17})?e-\d{1,3})$/
const revisionPattern = /^[1-9]\d{0,8}$/
/** Every `ce-type` that there can ever be, in this version's catalogue or in a later one's. */
const typePattern = /^frontdesk\.[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,39}\.v[1-9]\d{0,3}$/

/** A `ce-type` that is well-formed and not in this version's catalogue: a newer version may know it. */
export class UnknownTypeError extends TypeError {
  readonly type: string

  constructor(type: string) {
    super('ce-type is not in the catalogue')
    this.name = 'UnknownTypeError'
    this.type = type
  }
}

/** The envelope as CloudEvents 1.0 headers, binary mode. @throws TypeError naming the attribute that `decodeEnvelope` would refuse. */
export function encodeEnvelope(envelope: EventEnvelope): MsgHdrs {
  const headers = new MsgHdrsImpl()
  for (const [name, value] of Object.entries(envelopeHeaders(envelope))) headers.headers.set(name, [value])
  return headers
}

/** The same by name. @throws TypeError as `encodeEnvelope`. */
export function envelopeHeaders(envelope: EventEnvelope): Record<string, string> {
  const { id, revision, causationId, companyId, confidence, trace } = envelope
  const headers: Record<string, string> = {
    'ce-specversion': '1.0',
    'ce-id': cloudEventId(parsedId(id), parsedRevision(String(revision))),
    'ce-revision': String(revision),
    'ce-type': parsedType(envelope.type),
    'ce-source': encodeText('ce-source', envelope.source),
    'ce-subject': encodeText('ce-subject', envelope.subject),
    'ce-time': timeText(envelope.time),
    'ce-datacontenttype': 'application/json',
    'ce-correlationid': encodeText('ce-correlationid', envelope.correlationId),
  }
  if (causationId !== undefined) headers['ce-causationid'] = encodeText('ce-causationid', causationId)
  if (companyId !== undefined) headers['ce-companyid'] = vouchForCompanyId(companyId)
  if (confidence !== undefined) {
    const text = String(confidence)
    parsedConfidence(text)
    headers['ce-confidence'] = text
  }
  return trace ? Object.assign(headers, parsedTrace(trace['traceparent'], trace['tracestate'])) : headers
}

/**
 * The envelope that a message's headers carry; every attribute is checked, and a malformed trace left out.
 * @throws TypeError naming the header that is missing, there twice, or not what it should be; its kind UnknownTypeError
 * if nothing is wrong but that this version does not know the type.
 */
export function decodeEnvelope(headers: MsgHdrs): EventEnvelope {
  const values = new Map(headers)
  /** Twice the same header is refused: two readers might each take another one. */
  function optional(name: string): string | undefined {
    const all = values.get(name)
    if (all !== undefined && all.length > 1) throw new TypeError(`${name} is there ${all.length} times`)
    return all?.[0]
  }
  function required(name: string): string {
    const value = optional(name)
    if (value === undefined) throw new TypeError(`${name} is missing`)
    return value
  }
  function constant(name: string, wanted: string): void {
    if (required(name) !== wanted) throw new TypeError(`${name} is not ${wanted}`)
  }

  constant('ce-specversion', '1.0')
  constant('ce-datacontenttype', 'application/json')
  const revision = parsedRevision(required('ce-revision'))
  const cloudId = required('ce-id')
  const id = parsedId(cloudId.slice(0, 64))
  if (cloudId !== cloudEventId(id, revision)) throw new TypeError('ce-id does not fit ce-revision')
  const companyId = optional('ce-companyid')
  const confidence = optional('ce-confidence')
  const causationId = optional('ce-causationid')
  const trace = parsedTrace(values.get('traceparent')?.[0], values.get('tracestate')?.[0])
  const type = required('ce-type')
  const envelope = {
    id,
    revision,
    source: decodeText('ce-source', required('ce-source')),
    subject: decodeText('ce-subject', required('ce-subject')),
    time: parsedTime(required('ce-time')),
    correlationId: decodeText('ce-correlationid', required('ce-correlationid')),
    ...(companyId !== undefined && { companyId: vouchForCompanyId(companyId) }),
    ...(confidence !== undefined && { confidence: parsedConfidence(confidence) }),
    ...(causationId !== undefined && { causationId: decodeText('ce-causationid', causationId) }),
    ...(trace && { trace }),
  }
  // The last of all: only what is sound but for its type is worth waiting with.
  return { ...envelope, type: parsedType(type) }
}

/** The envelope of a message that stands on a subject, whose company must be the envelope's. @throws TypeError as `decodeEnvelope`. */
export function decodeEnvelopeOn(subject: string, headers: MsgHdrs): EventEnvelope {
  const envelope = decodeEnvelope(headers)
  const company = companyOf(subject)
  if (company !== undefined && company !== envelope.companyId) throw new TypeError('subject and ce-companyid name different companies')
  return envelope
}

/** Whether `decodeEnvelopeOn` can read it, in this version or a later one. */
export function isEnvelopeOn(subject: string, headers: MsgHdrs): boolean {
  try {
    decodeEnvelopeOn(subject, headers)
    return true
  } catch (error) {
    return error instanceof UnknownTypeError
  }
}

/**
 * `Nats-Msg-Id`: the `ce-id` and the subject's stage and lane, so that no stream takes an event for itself at another stage;
 * `repeat` follows where a second copy is meant.
 */
export function natsMessageId(envelope: EventEnvelope, subject: string, repeat?: string): string {
  const tokens = subject.split('.', 2)
  const stage = tokens[0] === 'bulk' ? tokens.join('.') : tokens[0]
  return `${cloudEventId(envelope.id, envelope.revision)}:${stage}${repeat === undefined ? '' : `:${repeat}`}`
}

/** `ce-id`: the event's id, and from the second revision on that too. */
export function cloudEventId(id: EventId, revision: number): string {
  return revision === 1 ? id : `${id}.${revision}`
}

function parsedId(text: string): EventId {
  const id = parseEventId(text)
  if (id === undefined) throw new TypeError('ce-id is not an event id (64 lower-case hex digits)')
  return id
}

function parsedRevision(text: string): number {
  if (!revisionPattern.test(text)) throw new TypeError('ce-revision is not a whole number from 1 to 999999999')
  return Number(text)
}

function parsedType(text: string): EventEnvelope['type'] {
  if (isEventType(text)) return text
  if (typePattern.test(text)) throw new UnknownTypeError(text)
  throw new TypeError('ce-type is not frontdesk.<entity>.<verb>.v<N>')
}

function timeText(time: Date): string {
  const text = Number.isNaN(time.getTime()) ? '' : time.toISOString()
  // Before the year 0 and after 9999 it is written longer; reading it back costs more than all other headers.
  if (text.length !== 24) throw notATime()
  return text
}

function notATime(): TypeError {
  return new TypeError('ce-time is not a UTC time with milliseconds')
}

function parsedTime(text: string): Date {
  const time = new Date(timePattern.test(text) ? text : Number.NaN)
  // The parser takes the 30th of February for the 2nd of March.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== text) throw notATime()
  return time
}

function parsedConfidence(text: string): number {
  const confidence = confidencePattern.test(text) ? Number(text) : Number.NaN
  if (!(confidence >= 0 && confidence <= 1)) throw new TypeError('ce-confidence is not a number from 0 to 1')
  return confidence
}

function parsedTrace(traceparent: string | undefined, tracestate: string | undefined): Record<string, string> | undefined {
  if (traceparent === undefined || !traceparentPattern.test(traceparent)) return undefined
  return { traceparent, ...(tracestate !== undefined && tracestatePattern.test(tracestate) && { tracestate: tracestate.trim() }) }
}
