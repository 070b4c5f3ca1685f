import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { natsMessageId } from './envelope.ts'
import type { OutgoingMessage, PublishOutcome } from './messages.ts'

/**
 * Whether a duplicate's ack is for our subject. The broker compares message ids alone, so the same id on another
 * subject is acked with the first one's sequence and not stored: only what stands at that sequence tells.
 */
export async function confirmDuplicate(
  connection: NatsConnection,
  message: OutgoingMessage,
  ack: PublishOutcome & { readonly ok: true },
  timeoutMs: number,
): Promise<PublishOutcome> {
  const { subject, envelope, stage } = message
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: timeoutMs })
    const stored = await manager.streams.getMessage(ack.stream, { seq: Number(ack.sequence) })
    if (stored?.subject === subject && stored.header.get('Nats-Msg-Id') === natsMessageId(envelope, subject, stage)) return ack
    const found = stored ? `is on ${stored.subject}` : 'is gone'
    return { ok: false, reason: 'wrong_subject', detail: `acked as a duplicate of ${ack.stream} ${ack.sequence}, which ${found}` }
  } catch (error) {
    return { ok: false, reason: 'timeout', detail: `a duplicate that could not be confirmed: ${String(error)}` }
  }
}
