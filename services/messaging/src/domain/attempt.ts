import { FrontdeskError } from '@frontdesk/errors'
import { applyReport } from './message-status.ts'
import type { Content, Message } from './message.ts'

/** How one call to the provider ended, as far as anybody can know. */
export type AttemptOutcome =
  | { readonly kind: 'taken'; readonly providerMessageId: string }
  /** Nothing was sent, and trying again would not help. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nothing was sent, since 24 hours have passed since the customer wrote. */
  | { readonly kind: 'window_closed'; readonly reason: string }
  /** Nothing was sent, and trying again may help. */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfterMs: number }
  /** It may have been sent: only the provider's status can tell. */
  | { readonly kind: 'unknown'; readonly reason: string }

const hourMs = 60 * 60_000
const giveUpAfterMs = 24 * hourMs
const shortestDelayMs = 1_000
const longestDelayMs = 5 * 60_000

/** The message in the hands of the sender: stored before the provider is called, and never called for again by itself. */
export function beginAttempt(message: Message, content: Content, conversationId: string, now: Date, unconfirmedAt: Date): Message {
  return {
    ...message,
    conversationId,
    kind: content.kind,
    text: content.kind === 'text' ? content.text : '',
    template: content.kind === 'template' ? content.template : undefined,
    status: 'sending',
    statusAt: now,
    attempts: message.attempts + 1,
    failureReason: '',
    dueAt: unconfirmedAt,
  }
}

/** What an attempt makes of its message; a status that arrived meanwhile counts for more. `random` gives [0, 1). */
export function settleAttempt(
  message: Message,
  outcome: AttemptOutcome,
  now: Date,
  random: () => number,
): { readonly message: Message; readonly taken: boolean } {
  if (outcome.kind === 'taken') {
    return applyReport(message, { status: 'sent', at: now, providerMessageId: outcome.providerMessageId, reason: '' })
  }
  const unchanged = { message, taken: false }
  if (message.status !== 'sending') return unchanged
  switch (outcome.kind) {
    case 'refused':
      return { message: refuse(message, outcome.reason, now), taken: false }
    case 'later':
      return { message: postpone(message, outcome, now, random), taken: false }
    case 'window_closed':
      return { message: afterClosedWindow(message, outcome.reason, now), taken: false }
    case 'unknown':
      return unchanged
    default:
      return outcome satisfies never
  }
}

/** A message that will not be sent. */
export function refuse(message: Message, reason: string, now: Date): Message {
  return { ...message, status: 'failed', statusAt: now, failureReason: reason, dueAt: undefined }
}

/** Tries again after about as long as it has waited already, between one second and five minutes; gives up after a day. */
export function postpone(
  message: Message,
  { reason, retryAfterMs }: { readonly reason: string; readonly retryAfterMs: number },
  now: Date,
  random: () => number,
): Message {
  const waitedMs = now.getTime() - message.queuedAt.getTime()
  if (waitedMs >= giveUpAfterMs) return refuse(message, `It could not be sent for a day: ${reason}`, now)
  const ceilingMs = Math.min(longestDelayMs, Math.max(shortestDelayMs, waitedMs))
  const delayMs = Math.max(retryAfterMs, Math.round((ceilingMs / 2) * (1 + random())))
  return { ...message, status: 'queued', statusAt: now, failureReason: reason, dueAt: new Date(now.getTime() + delayMs) }
}

/** A confirmation has a template for that; what somebody wrote as a text has none. */
function afterClosedWindow(message: Message, reason: string, now: Date): Message {
  if (message.purpose !== 'appointment_confirmation' || message.kind !== 'text') return refuse(message, reason, now)
  return { ...message, kind: 'template', text: '', status: 'queued', statusAt: now, failureReason: reason, dueAt: now }
}

/** A message that was refused before it was ever handed over waits again, since things have changed; any other stays as it is. */
export function reconsider(message: Message, now: Date): Message {
  if (message.status !== 'failed' || message.attempts > 0) return message
  return { ...message, status: 'queued', statusAt: now, failureReason: '', queuedAt: now, dueAt: now }
}

/** A person takes it upon himself that the message may arrive twice. @throws FrontdeskError failed_precondition */
export function resend(message: Message, now: Date): Message {
  if (message.status !== 'unconfirmed') {
    throw new FrontdeskError('failed_precondition', {
      publicMessage: `Only a message whose outcome is unknown can be sent again; this one is ${message.status}.`,
    })
  }
  return { ...message, status: 'queued', statusAt: now, queuedAt: now, dueAt: now }
}
