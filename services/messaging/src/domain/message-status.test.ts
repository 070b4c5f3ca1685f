import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyReport, type StatusReport } from './message-status.ts'
import { type Message, queueOutbound } from './message.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute))
const report = (status: StatusReport['status'], minute = 5): StatusReport => ({
  status,
  at: at(minute),
  providerMessageId: 'wamid.1',
  reason: status === 'failed' ? 'undeliverable' : '',
})

function aMessage(overrides: Partial<Message> = {}): Message {
  const queued = queueOutbound(
    {
      id: 'msg_1',
      conversationId: 'conv_1',
      content: { kind: 'text', text: 'Hello' },
      purpose: 'reply',
      appointmentId: undefined,
      correlationId: 'c',
      causationId: undefined,
    },
    at(0),
  )
  return { ...queued, ...overrides }
}

const statuses = ['queued', 'sending', 'unconfirmed', 'sent', 'failed', 'delivered', 'read'] as const

test('a status never goes back, whatever is reported of it', () => {
  const rank = (status: Message['status']) => statuses.indexOf(status as (typeof statuses)[number])
  fc.assert(
    fc.property(fc.constantFrom(...statuses), fc.constantFrom('sent', 'failed', 'delivered', 'read'), (before, told) => {
      const { message } = applyReport(aMessage({ status: before }), report(told))
      expect(rank(message.status)).toBe(Math.max(rank(before), rank(told)))
    }),
  )
})

test('every order and multiplicity of the same reports ends in the same status, told as taken once', () => {
  const all = (['sent', 'failed', 'delivered', 'read'] as const).map((status, minute) => report(status, minute))
  fc.assert(
    fc.property(
      fc
        .subarray(all, { minLength: 1 })
        .chain((some) => fc.tuple(fc.shuffledSubarray(some, { minLength: some.length }), fc.array(fc.constantFrom(...some)))),
      fc.constantFrom('queued', 'sending', 'unconfirmed'),
      ([shuffled, again], before) => {
        const fold = (reports: readonly StatusReport[]) => {
          let message = aMessage({ status: before })
          let told = 0
          for (const next of reports) {
            const step = applyReport(message, next)
            if (step.taken) told += 1
            message = step.message
          }
          return { status: message.status, statusAt: message.statusAt, failureReason: message.failureReason, told }
        }
        expect(fold([...shuffled, ...again])).toEqual(fold(shuffled.toSorted((a, b) => a.at.getTime() - b.at.getTime())))
        expect(fold(shuffled).told).toBe(1)
      },
    ),
  )
})

test('a failure is final but for the proof that the message arrived', () => {
  const failed = applyReport(aMessage({ status: 'sent', takenAt: at(1) }), report('failed')).message
  expect(failed).toMatchObject({ status: 'failed', failureReason: 'undeliverable' })
  expect(applyReport(failed, report('sent')).message).toBe(failed)
  expect(applyReport(failed, report('delivered')).message).toMatchObject({ status: 'delivered', failureReason: '' })
  const read = aMessage({ status: 'read', takenAt: at(1) })
  expect(applyReport(read, report('failed')).message).toBe(read)
})

test('the provider’s first id stays, and an inbound message has no delivery', () => {
  const known = aMessage({ status: 'sent', takenAt: at(1), providerMessageId: 'wamid.0' })
  expect(applyReport(known, report('delivered')).message.providerMessageId).toBe('wamid.0')
  const inbound = aMessage({ direction: 'inbound', status: 'received' })
  expect(applyReport(inbound, report('read'))).toEqual({ message: inbound, taken: false })
})
