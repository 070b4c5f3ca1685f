import { type Call, CallDirection, CallTransferPhase, EvidenceKind } from '@frontdesk/contracts'
import { collectEvidence, phoneNumber } from '../evidence.ts'
import { copyJson, memberOf, parseJson } from '../json.ts'
import { type Facts, type Model, model, normalizedEvent, unmodelled } from '../normalized-event.ts'
import type { Delivery, NormalizedEvent } from '../provider.ts'
import { epochMs, identifier, kindName, readAs } from '../schema.ts'
import { callAnalyzed, callEnded, callStarted, callTransferred, envelope, type RetellCall } from './schema.ts'

const models: ReadonlyMap<string, Model> = new Map([
  ['call_started', model('frontdesk.call.started.v1', callStarted, ({ call }, source) => ({ source, call: callOf(call) }))],
  [
    'call_ended',
    model('frontdesk.call.ended.v1', callEnded, ({ call }, source) => ({
      source,
      call: callOf(call),
      endedAt: call.end_timestamp ?? undefined,
      durationMs: call.duration_ms ?? durationMs(call.start_timestamp, call.end_timestamp),
      disconnectionReason: call.disconnection_reason ?? '',
    })),
  ],
  [
    'call_analyzed',
    model('frontdesk.call.analyzed.v1', callAnalyzed, ({ call }, source) => ({
      source,
      call: callOf(call),
      summary: call.call_analysis.call_summary ?? '',
      userSentiment: call.call_analysis.user_sentiment ?? '',
      successful: call.call_analysis.call_successful ?? undefined,
      inVoicemail: call.call_analysis.in_voicemail ?? false,
      customAnalysisData: call.call_analysis.custom_analysis_data?.data,
      appointmentRequest: call.call_analysis.custom_analysis_data?.appointmentRequest,
    })),
  ],
  ['transfer_started', transferred(CallTransferPhase.STARTED)],
  ['transfer_bridged', transferred(CallTransferPhase.BRIDGED)],
  ['transfer_cancelled', transferred(CallTransferPhase.CANCELLED)],
  ['transfer_ended', transferred(CallTransferPhase.ENDED)],
])
const anyOther = unmodelled(envelope)

function transferred(phase: CallTransferPhase): Model {
  return model('frontdesk.call.transferred.v1', callTransferred, ({ call, transfer_destination, transfer_option }, source) => ({
    source,
    call: callOf(call),
    phase,
    destination: phoneNumber(transfer_destination) ?? transfer_destination ?? '',
    option: transfer_option ?? '',
  }))
}

/** The one event that a Retell webhook tells of. */
export function normalizeRetell(rawBody: Buffer, delivery: Delivery): NormalizedEvent[] {
  const json = parseJson(rawBody)
  const facts = factsOf(json, delivery)
  return [normalizedEvent('retell', { rawBody, json, delivery, facts, model: models.get(facts.kind) ?? anyOther })]
}

function factsOf(json: unknown, { connectionId }: Delivery): Facts {
  const kind = readAs(kindName, memberOf(json, 'event')) ?? ''
  const call = memberOf(json, 'call')
  const chat = memberOf(json, 'chat')
  const entity = entityOf('call', memberOf(call, 'call_id'), call) ?? entityOf('chat', memberOf(chat, 'chat_id'), chat)
  return {
    kind,
    dedupeKey: dedupeKeyOf(kind, json, entity?.id),
    entity,
    occurredAt: occurredAt(kind, call),
    evidence: collectEvidence([
      [EvidenceKind.CONNECTION, connectionId],
      [EvidenceKind.PHONE_NUMBER, ourNumber(call)],
      [EvidenceKind.VOICE_AGENT, memberOf(call, 'agent_id')],
      [EvidenceKind.VOICE_AGENT, memberOf(chat, 'agent_id')],
      [EvidenceKind.METADATA, memberOf(call, 'metadata', 'company_id')],
      [EvidenceKind.METADATA, memberOf(chat, 'metadata', 'company_id')],
    ]),
  }
}

function entityOf(type: 'call' | 'chat', id: unknown, conversation: unknown): Facts['entity'] {
  const entityId = readAs(identifier, id)
  if (entityId === undefined) return undefined
  return { type, id: entityId, startedAt: readAs(epochMs, memberOf(conversation, 'start_timestamp')) }
}

/** Kinds that come at most once for each call or chat; of any other, only equal bytes are known to be the same event. */
const oncePerConversation: ReadonlySet<string> = new Set([
  'call_started',
  'call_ended',
  'call_analyzed',
  'chat_started',
  'chat_ended',
  'chat_analyzed',
])

function dedupeKeyOf(kind: string, json: unknown, conversationId: string | undefined): string[] | undefined {
  if (conversationId === undefined) return undefined
  if (oncePerConversation.has(kind)) return [conversationId]
  if (!kind.startsWith('transfer_')) return undefined
  const startedAtMs = memberOf(json, 'call', 'start_timestamp')
  const destination = copyJson(memberOf(json, 'transfer_destination'), 4)
  if (typeof startedAtMs !== 'number' || destination === undefined) return undefined
  return [conversationId, String(startedAtMs), JSON.stringify(destination)]
}

/** Retell does not say when it analyzed a call. */
function occurredAt(kind: string, call: unknown): Date | undefined {
  if (kind === 'call_started') return readAs(epochMs, memberOf(call, 'start_timestamp'))
  return kind === 'call_ended' ? readAs(epochMs, memberOf(call, 'end_timestamp')) : undefined
}

/** The side of the call that is a company's; the other side is the caller's own. */
export function ourNumber(call: unknown): unknown {
  const direction = memberOf(call, 'direction')
  if (direction === 'inbound') return memberOf(call, 'to_number')
  return direction === 'outbound' ? memberOf(call, 'from_number') : undefined
}

function callOf(call: RetellCall): Call {
  return {
    callId: call.call_id,
    agentId: call.agent_id ?? '',
    direction: directionOf(call),
    fromNumber: phoneNumber(call.from_number) ?? '',
    toNumber: phoneNumber(call.to_number) ?? '',
    startedAt: call.start_timestamp ?? undefined,
  }
}

function directionOf({ call_type, direction }: RetellCall): CallDirection {
  if (call_type === 'web_call') return CallDirection.WEB
  if (direction === 'inbound') return CallDirection.INBOUND
  return direction === 'outbound' ? CallDirection.OUTBOUND : CallDirection.UNSPECIFIED
}

/** Absent for a call that never connected. */
function durationMs(start: Date | null | undefined, end: Date | null | undefined): number | undefined {
  if (!start || !end) return undefined
  const ms = end.getTime() - start.getTime()
  return ms >= 0 && ms <= 0xffff_ffff ? ms : undefined
}
