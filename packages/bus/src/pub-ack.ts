import type { Msg } from '@nats-io/nats-core'
import type { PublishOutcome } from './messages.ts'

interface PubAckJson {
  stream?: unknown
  seq?: unknown
  duplicate?: unknown
  error?: { err_code?: unknown; description?: unknown }
}

/** err_code of "message size exceeds maximum allowed", for a stream with a `max_msg_size`. */
const messageTooLarge = 10_054

/** Reads the answer to a publish; what is no such answer is `rejected`. Never throws: the client's reader would end. */
export function readPubAck(message: Msg): PublishOutcome {
  if (message.headers?.code === 503) return { ok: false, reason: 'no_stream', detail: 'no stream takes this subject' }
  let json: PubAckJson | null
  try {
    json = JSON.parse(message.string()) as PubAckJson | null
  } catch {
    return { ok: false, reason: 'rejected', detail: 'the answer is not JSON' }
  }
  const { stream, seq, duplicate, error } = json ?? {}
  if (error) {
    const reason = error.err_code === messageTooLarge ? 'too_large' : 'rejected'
    return { ok: false, reason, detail: `${String(error.err_code)}: ${String(error.description)}` }
  }
  if (typeof stream !== 'string' || typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) {
    return { ok: false, reason: 'rejected', detail: 'the answer names no stream and sequence' }
  }
  return { ok: true, stream, sequence: BigInt(seq), duplicate: duplicate === true }
}
