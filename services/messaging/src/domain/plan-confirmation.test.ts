import { expect, test } from 'vitest'
import { queueOutbound } from './message.ts'
import { type ConfirmationFacts, planConfirmation } from './plan-confirmation.ts'

const now = new Date('2026-05-01T07:00:00Z')
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000)
const message = queueOutbound(
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

const plan = (overrides: Partial<ConfirmationFacts> = {}) =>
  planConfirmation({
    message,
    appointment: { status: 'confirmed', title: 'Cut', startsAt: new Date('2026-05-01T09:00:00Z') },
    customer: { name: 'Ada', phoneNumber: '+4930123456' },
    company: { name: 'Salon Nord', timeZone: 'Europe/Berlin' },
    template: { name: 'confirmation', language: 'en_US' },
    conversation: { lastInboundAt: hoursAgo(1) },
    now,
    ...overrides,
  })

test('a text while the window is open, else the template', () => {
  expect(plan()).toMatchObject({ kind: 'send', value: { kind: 'text' } })
  for (const conversation of [undefined, { lastInboundAt: undefined }, { lastInboundAt: hoursAgo(24) }]) {
    expect(plan({ conversation })).toMatchObject({ kind: 'send', value: { kind: 'template' } })
  }
  expect(plan({ message: { ...message, kind: 'template' } })).toMatchObject({ kind: 'send', value: { kind: 'template' } })
  expect(plan({ conversation: undefined, template: undefined })).toEqual({
    kind: 'refuse',
    reason: 'The customer has not written within 24 hours, and the company has no confirmation template.',
  })
})

test.each<[string, Partial<ConfirmationFacts>]>([
  ['The appointment is no longer there.', { appointment: undefined }],
  ['The appointment is cancelled.', { appointment: { status: 'cancelled', title: '', startsAt: now } }],
  ['The appointment has begun.', { appointment: { status: 'confirmed', title: '', startsAt: now } }],
  ['The customer has no phone number.', { customer: { name: 'Ada', phoneNumber: '' } }],
  ['The customer has no phone number.', { customer: undefined }],
  ['The company is not in the directory.', { company: undefined }],
])('nothing is sent: %s', (reason, facts) => {
  expect(plan(facts)).toEqual({ kind: 'refuse', reason })
})
