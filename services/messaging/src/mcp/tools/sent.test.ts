import { expect, test } from 'vitest'
import type { DeskMessage } from '../ports.ts'
import { sentAnswer } from './sent.ts'

const calledAt = new Date('2026-11-25T10:00:00Z')
const message: DeskMessage = {
  id: 'msg_1',
  conversationId: 'conv_1',
  direction: 'outbound',
  kind: 'text',
  text: 'Hi',
  template: undefined,
  status: 'sent',
  failureReason: '',
  createdAt: new Date('2026-11-25T09:00:00Z'),
}

test('of an earlier call it is told that this was sent only where it did not fail', () => {
  expect(sentAnswer({ ...message, status: 'queued', createdAt: calledAt }, calledAt).structured).toMatchObject({ already_sent: false })
  expect(sentAnswer(message, calledAt).structured).toMatchObject({ already_sent: true })
  const failed = () => sentAnswer({ ...message, status: 'failed', failureReason: 'WhatsApp 131026: undeliverable' }, calledAt)
  expect(failed).toThrow(
    expect.objectContaining({
      code: 'failed_precondition',
      publicMessage: expect.stringMatching(/131026: undeliverable.*new idempotency_key/),
    }),
  )
})
