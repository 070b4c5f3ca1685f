import type { Message, MessageStatus } from './message.ts'

/** What the provider tells of a message of ours. */
export interface StatusReport {
  readonly status: 'sent' | 'failed' | 'delivered' | 'read'
  readonly at: Date
  readonly providerMessageId: string
  /** Of a failure. */
  readonly reason: string
}

/**
 * A status is only ever replaced by a higher one. A failure outranks `sent`, which it follows, and yields to the proof
 * that the message arrived, so that every order of the same reports ends in the same status.
 */
const ranks: Readonly<Record<MessageStatus, number>> = {
  queued: 0,
  sending: 1,
  unconfirmed: 2,
  sent: 3,
  failed: 4,
  delivered: 5,
  read: 6,
  // An inbound message has no status of a delivery.
  received: Number.POSITIVE_INFINITY,
}

/** Applies a report, whatever came before it. `taken` says that this is the first we hear of the provider having the message. */
export function applyReport(message: Message, report: StatusReport): { readonly message: Message; readonly taken: boolean } {
  if (message.direction === 'inbound') return { message, taken: false }
  const taken = message.takenAt === undefined
  const advances = ranks[report.status] > ranks[message.status]
  if (!taken && !advances) return { message, taken }
  const known: Message = {
    ...message,
    providerMessageId: message.providerMessageId ?? report.providerMessageId,
    takenAt: message.takenAt ?? report.at,
  }
  if (!advances) return { message: known, taken }
  const failureReason = report.status === 'failed' ? report.reason : ''
  return { message: { ...known, status: report.status, statusAt: report.at, failureReason, dueAt: undefined }, taken }
}
