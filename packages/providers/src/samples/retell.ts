import type { JsonObject, JsonValue } from '../json.ts'
import { retellDefaults, retellFunctionDefaults, retellInboundDefaults } from '../retell/samples.ts'
import { retellSignatureHeader, signRetell } from '../retell/signature.ts'
import { replaceMembers, type LiveSamples, type SampleCompany, type SampleMoment, type SampleQuestion } from './live-sample.ts'

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

export const retellSamples: LiveSamples = {
  secret: 'platform',
  events: [
    'call_started',
    'call_ended',
    'call_analyzed',
    'transcript_updated',
    'transfer_started',
    'transfer_bridged',
    'transfer_cancelled',
    'transfer_ended',
    'chat_started',
    'chat_ended',
    'chat_analyzed',
  ],
  questions: new Map<string, SampleQuestion>([
    ['call_inbound', { path: '/v1/retell/inbound', body: (...of) => lively(retellInboundDefaults('call_inbound'), ...of) }],
    ...(['check_availability', 'book_appointment'] as const).map((name): [string, SampleQuestion] => [
      name,
      { path: `/v1/retell/functions/${name}`, body: (...of) => withArguments(name, lively(retellFunctionDefaults(name), ...of)) },
    ]),
  ]),
  body: (event, ...of) => lively(retellDefaults(event), ...of),
  sign: (body, secret, { now }) => ({ [retellSignatureHeader]: signRetell(body, secret, now.getTime()) }),
}

function isTimestamp(name: string, value: JsonValue): value is number {
  return name.endsWith('_timestamp') && typeof value === 'number'
}

/** As if it happened now, of that company. */
function lively(sample: JsonObject, { agentId, phoneNumber }: SampleCompany, { happenedAt, nonce }: SampleMoment): JsonObject {
  let latestMs = 0
  replaceMembers(sample, (name, value) => {
    if (isTimestamp(name, value)) latestMs = Math.max(latestMs, value)
    return value
  })
  // The last of its times is now, and the others as far from it as ever.
  const laterMs = happenedAt.getTime() - latestMs
  return replaceMembers(sample, (name, value) => {
    if (isTimestamp(name, value)) return value + laterMs
    switch (name) {
      case 'call_id':
        return `call_${nonce}`
      case 'chat_id':
        return `chat_${nonce}`
      case 'agent_id':
        return agentId ?? value
      case 'to_number':
        return phoneNumber ?? value
      case 'tool_call_id':
        return `tool_call_${nonce}`
      case 'date':
        return hourAhead(happenedAt).slice(0, 10)
      case 'start':
        return hourAhead(happenedAt)
      case 'preferred_time':
        return new Date(happenedAt.getTime() + 2 * dayMs).toISOString()
      default:
        return value
    }
  })
}

/** The full hour two days later. */
function hourAhead(happenedAt: Date): string {
  return new Date(Math.ceil((happenedAt.getTime() + 2 * dayMs) / hourMs) * hourMs).toISOString()
}

/** The transcript tells of the tool call by the same arguments. */
function withArguments(name: string, { call, args, ...rest }: JsonObject): JsonObject {
  const invocation = (turn: JsonObject) => (turn['name'] === name ? { ...turn, arguments: JSON.stringify(args) } : turn)
  const { transcript_with_tool_calls: turns, ...others } = call as JsonObject
  return { ...rest, call: { ...others, transcript_with_tool_calls: (turns as JsonObject[]).map(invocation) }, args: args ?? {} }
}
