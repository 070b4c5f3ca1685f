import { expect, test } from 'vitest'
import { type AttemptOutcome, beginAttempt, postpone, resend, settleAttempt } from './attempt.ts'
import { contentOf, type Message, queueOutbound } from './message.ts'

const now = new Date('2026-01-01T10:00:00Z')
const later = (ms: number) => new Date(now.getTime() + ms)
const random = () => 0

function sending(overrides: Partial<Message> = {}): Message {
  const queued = queueOutbound(
    {
      id: 'msg_1',
      conversationId: undefined,
      content: { kind: 'text', text: '' },
      purpose: 'appointment_confirmation',
      appointmentId: 'apt_1',
      correlationId: 'c',
      causationId: undefined,
    },
    now,
  )
  return { ...beginAttempt(queued, { kind: 'text', text: 'Hello' }, 'conv_1', now, later(600_000)), ...overrides }
}

const settle = (message: Message, outcome: AttemptOutcome, at = now) => settleAttempt(message, outcome, at, random)

test('an attempt is counted and decides text and conversation before anything is sent', () => {
  expect(sending()).toMatchObject({ status: 'sending', attempts: 1, text: 'Hello', conversationId: 'conv_1', dueAt: later(600_000) })
})

test('what the provider took is sent, with its id', () => {
  expect(settle(sending(), { kind: 'taken', providerMessageId: 'wamid.1' })).toMatchObject({
    taken: true,
    message: { status: 'sent', providerMessageId: 'wamid.1', dueAt: undefined },
  })
})

test('an unknown outcome changes nothing: it is not sent again', () => {
  const message = sending()
  expect(settle(message, { kind: 'unknown', reason: 'reset' })).toEqual({ message, taken: false })
})

test('a status that came before our own commit counts for more than the outcome', () => {
  const delivered = sending({ status: 'delivered', takenAt: now, providerMessageId: 'wamid.1' })
  expect(settle(delivered, { kind: 'taken', providerMessageId: 'wamid.1' })).toEqual({ message: delivered, taken: false })
  for (const kind of ['refused', 'window_closed'] as const) {
    expect(settle(delivered, { kind, reason: 'x' }).message).toBe(delivered)
  }
  expect(settle(delivered, { kind: 'later', reason: 'x', retryAfterMs: 0 }).message).toBe(delivered)
})

test('a refusal is final; a passing one waits as long as it has waited, within a second and five minutes', () => {
  expect(settle(sending(), { kind: 'refused', reason: 'no' }).message).toMatchObject({ status: 'failed', failureReason: 'no' })
  const wait = (waitedMs: number, retryAfterMs = 0) => {
    const at = later(waitedMs)
    return (postpone(sending(), { reason: 'busy', retryAfterMs }, at, () => 1).dueAt?.getTime() ?? 0) - at.getTime()
  }
  expect([wait(0), wait(20_000), wait(3_600_000), wait(0, 60_000)]).toEqual([1_000, 20_000, 300_000, 60_000])
  expect(postpone(sending(), { reason: 'busy', retryAfterMs: 0 }, later(86_400_000), random)).toMatchObject({
    status: 'failed',
    failureReason: 'It could not be sent for a day: busy',
  })
})

test('a closed window turns a confirmation to its template at once, and ends what has none', () => {
  const closed = { kind: 'window_closed', reason: '131047' } as const
  const confirmation = settle(sending(), closed).message
  expect(confirmation).toMatchObject({ status: 'queued', kind: 'template', text: '', dueAt: now })
  expect(contentOf(confirmation)).toBeUndefined()
  expect(settle(sending({ kind: 'template' }), closed).message.status).toBe('failed')
  expect(settle(sending({ purpose: 'reply' }), closed).message.status).toBe('failed')
})

test('only what is unconfirmed can be sent again', () => {
  expect(resend(sending({ status: 'unconfirmed' }), later(1))).toMatchObject({ status: 'queued', dueAt: later(1), queuedAt: later(1) })
  for (const status of ['queued', 'sending', 'sent', 'failed', 'read'] as const) {
    expect(() => resend(sending({ status }), now)).toThrow(expect.objectContaining({ code: 'failed_precondition' }))
  }
})
