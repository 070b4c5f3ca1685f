import { deriveEventId, type EventId, type Evidence, EvidenceKind } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { z } from 'zod'
import { collectEvidence, phoneNumber } from '../evidence.ts'
import { copyJson, type JsonValue, memberOf, parseJson } from '../json.ts'
import type { Provider } from '../provider.ts'
import { fit, identifier, instant, readAs, text } from '../schema.ts'
import { ourNumber } from './normalize.ts'
import { verifyRetell } from './signature.ts'

/** When something shall begin: an instant, or a time by the company's clock. */
export type RequestedStart = { readonly at: Date } | { readonly local: string }

const start = z.union(
  [instant.transform((at): RequestedStart => ({ at })), z.iso.datetime({ local: true }).transform((local): RequestedStart => ({ local }))],
  { error: 'expected an RFC 3339 time, by the company’s clock when it has no offset' },
)
const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as 09:30')
const duration = z
  .int()
  .min(5)
  .max(480)
  .nullish()
  .transform((minutes) => minutes ?? 30)

/** The arguments by which our agents' functions are to be configured; the package's README tells it. */
const functionArguments = {
  check_availability: z
    .object({
      date: z.iso.date('expected a date such as 2026-12-01'),
      from: clockTime.nullish(),
      until: clockTime.nullish(),
      duration_minutes: duration,
    })
    .transform(({ date, from, until, duration_minutes: durationMinutes }) => ({
      from: `${date}T${from ?? '09:00'}`,
      until: `${date}T${until ?? '18:00'}`,
      durationMinutes,
    })),
  book_appointment: z
    .object({
      start,
      duration_minutes: duration,
      offering: text(500).nullish(),
      service: text(500).nullish(),
      customer_name: text(255).nullish(),
    })
    .transform(({ start: startsAt, duration_minutes: durationMinutes, offering, service, customer_name: name }) => ({
      start: startsAt,
      durationMinutes,
      title: offering?.trim() || service?.trim() || 'Appointment',
      customerName: name?.trim() ?? '',
    })),
}

export type FunctionName = keyof typeof functionArguments

/** What the agent asks for, by its function's name. */
export type FunctionRequest = {
  readonly [Name in FunctionName]: { readonly name: Name; readonly args: z.output<(typeof functionArguments)[Name]> }
}[FunctionName]

/** A voice agent's tool call, made while it speaks. */
export interface FunctionCall {
  /** Names this tool call: the same one, sent again, has the same. */
  readonly key: EventId
  readonly callId: string
  /** What may name the company: our number, its agent, and the metadata that we set. What the agent passes on never is. */
  readonly evidence: readonly Evidence[]
  /** The other side's number as Retell signed it, E.164; undefined when it is withheld. */
  readonly callerNumber: string | undefined
  readonly request: FunctionRequest
}

/** A verified request: the tool call, or what of its arguments did not fit. */
export type FunctionReading =
  | ({ readonly ok: true } & FunctionCall)
  | { readonly ok: false; readonly name: FunctionName; readonly violations: readonly string[] }

/** How a voice agent's custom function is proved and read. */
export interface FunctionWebhook {
  readonly bodyLimitBytes: number
  readonly verify: Provider['verify']
  /** @throws FrontdeskError `malformed_json`, `not_found` for another function, or `invalid_argument` for what tells of no call. */
  read(name: string, rawBody: Buffer): FunctionReading
}

/** Retell's custom functions, which it calls in the middle of a call, and up to twice again. */
export const retellFunctions: FunctionWebhook = {
  // The call so far comes with it, like with its events.
  bodyLimitBytes: 4 * 1024 * 1024,
  verify: verifyRetell,

  read(path, rawBody) {
    const json = parseJson(rawBody)
    if (!isFunctionName(path)) throw new FrontdeskError('not_found', { publicMessage: `There is no function of this name.` })
    const name = path
    const call = memberOf(json, 'call')
    const callId = readAs(identifier, memberOf(call, 'call_id'))
    if (callId === undefined) {
      throw new FrontdeskError('invalid_argument', { publicMessage: 'call: missing. Turn off “Payload: args only” of the function.' })
    }
    // The path is not signed: a request for one function must not be good for another.
    if (memberOf(json, 'name') !== name) {
      throw new FrontdeskError('invalid_argument', { publicMessage: 'name: must be the function’s in the path.' })
    }
    const args = copyJson(memberOf(json, 'args'), 8)
    const reading = readRequest(name, args)
    if (!reading.ok) return { ok: false, name, violations: reading.violations }
    const evidence = collectEvidence([
      [EvidenceKind.PHONE_NUMBER, ourNumber(call)],
      [EvidenceKind.VOICE_AGENT, memberOf(call, 'agent_id')],
      [EvidenceKind.METADATA, memberOf(call, 'metadata', 'company_id')],
    ])
    const key = keyOf(call, { callId, name, args: canonical(args ?? null) })
    return { ok: true, key, callId, evidence, callerNumber: phoneNumber(theirNumber(call)), request: reading.value }
  },
}

function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(functionArguments, name)
}

function readRequest(name: FunctionName, args: JsonValue | undefined) {
  const schema = z.object({ name: z.literal(name), args: functionArguments[name] }) as unknown as z.ZodType<FunctionRequest>
  return fit(schema, { name, args })
}

/** The side of the call that is not a company's. */
function theirNumber(call: unknown): unknown {
  const direction = memberOf(call, 'direction')
  if (direction === 'inbound') return memberOf(call, 'from_number')
  return direction === 'outbound' ? memberOf(call, 'to_number') : undefined
}

/**
 * By the tool call's id. The transcript's last may be another's, of a parallel tool call, so that name and arguments have to
 * be its own; where there is none, they are the name.
 */
function keyOf(call: unknown, { callId, name, args }: { callId: string; name: string; args: string }): EventId {
  const transcript = memberOf(call, 'transcript_with_tool_calls')
  const invocation = (Array.isArray(transcript) ? transcript : []).findLast(
    (turn) =>
      memberOf(turn, 'role') === 'tool_call_invocation' &&
      memberOf(turn, 'name') === name &&
      canonicalText(memberOf(turn, 'arguments')) === args,
  )
  const toolCallId = readAs(identifier, memberOf(invocation, 'tool_call_id'))
  return toolCallId === undefined
    ? deriveEventId(['retell', 'function', callId, name, args])
    : deriveEventId(['retell', 'tool_call', callId, toolCallId])
}

/** Of arguments as the transcript has them: JSON in a text. */
function canonicalText(json: unknown): string | undefined {
  if (typeof json !== 'string') return undefined
  try {
    const args = copyJson(JSON.parse(json), 8)
    return args === undefined ? undefined : canonical(args)
  } catch {
    return undefined
  }
}

/** One text for equal values, in whatever order their members stand. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`
}
