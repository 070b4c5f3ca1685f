import type { JsonValue } from '../json.ts'
import { retellDefaults } from '../retell/samples.ts'
import { retellSignatureHeader, signRetell } from '../retell/signature.ts'
import { replaceMembers, type LiveSamples } from './live-sample.ts'

const dayMs = 24 * 60 * 60 * 1000

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
  body(event, { agentId, phoneNumber }, { happenedAt, nonce }) {
    const sample = retellDefaults(event)
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
        case 'preferred_time':
          return new Date(happenedAt.getTime() + 2 * dayMs).toISOString()
        default:
          return value
      }
    })
  },
  sign: (body, secret, { now }) => ({ [retellSignatureHeader]: signRetell(body, secret, now.getTime()) }),
}

function isTimestamp(name: string, value: JsonValue): value is number {
  return name.endsWith('_timestamp') && typeof value === 'number'
}
