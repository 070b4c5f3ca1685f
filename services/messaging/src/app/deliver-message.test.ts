import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import type { AttemptOutcome } from '../domain/attempt.ts'
import { type Message, queueOutbound } from '../domain/message.ts'
import { deliverMessage, type DeliverMessageDependencies } from './deliver-message.ts'

const now = new Date('2026-05-01T10:00:00Z')
const message = queueOutbound(
  {
    id: 'msg_1',
    conversationId: 'conv_1',
    content: { kind: 'text', text: 'Hi' },
    purpose: 'reply',
    appointmentId: undefined,
    correlationId: 'c',
    causationId: undefined,
  },
  now,
)
const leased = { companyId: vouchForCompanyId(newId('cmp')), message }
const conversation = {
  id: 'conv_1',
  phoneNumberId: '1',
  customer: { phoneNumber: '+4930123456', userId: '', name: '' },
  lastMessageAt: now,
  lastInboundAt: now,
  createdAt: now,
}

/** A delivery whose steps are written down; each can be made to fail. */
function delivery(overrides: Partial<DeliverMessageDependencies> = {}, queueOverrides: Partial<DeliverMessageDependencies['queue']> = {}) {
  const steps: string[] = []
  const settled: AttemptOutcome[] = []
  const step = <Result>(name: string, result: Result) => {
    steps.push(name)
    return Promise.resolve(result)
  }
  const deliver = deliverMessage({
    queue: {
      lease: () => step('lease', []),
      begin: () => step<Message>('begin', { ...message, status: 'sending' }),
      settle: (_company, _id, outcome) => {
        settled.push(outcome)
        return step('settle', message)
      },
      putBack: (_leased, outcome) => {
        settled.push(outcome)
        return step('putBack', undefined)
      },
      unconfirm: () => step('unconfirm', []),
      ...queueOverrides,
    },
    channel: { isOpen: true, send: () => step('send', { kind: 'taken', providerMessageId: 'wamid.1' } as const) },
    conversations: () => ({
      get: () => step('conversation', conversation),
      find: () => step('conversation', conversation),
      list: () => step('list', { items: [], nextPageToken: '' }),
    }),
    senders: { get: () => step('sender', undefined), put: () => step('put', undefined) },
    appointments: { find: () => step('appointment', undefined), findCustomer: () => step('customer', undefined) },
    companies: { find: () => step('company', undefined) },
    entitlements: { refusalOf: () => step('entitlement', undefined) },
    turnOf: () => step('turn', undefined),
    now: () => now,
    onNotSettled: () => steps.push('not settled'),
    ...overrides,
  })
  return { deliver: () => deliver(leased), steps, settled }
}

const away = () => Promise.reject(new FrontdeskError('unavailable', { publicMessage: 'It is away.' }))

test('all that is asked of others comes before sending is committed, and the call after it', async () => {
  const { deliver, steps } = delivery()
  expect(await deliver()).toEqual({ kind: 'taken', providerMessageId: 'wamid.1' })
  expect(steps).toEqual(['entitlement', 'conversation', 'turn', 'begin', 'send', 'settle'])
})

test('nothing is sent without the commit of sending: lost to another replica, failed, or refused here', async () => {
  const cases = [
    [delivery({}, { begin: async () => undefined }), 'lost_claim'],
    [delivery({}, { begin: away }), 'later'],
    [delivery({ entitlements: { refusalOf: away } }), 'later'],
    [delivery({ entitlements: { refusalOf: () => Promise.reject(new Error('a bug')) } }), 'later'],
    [delivery({ channel: { isOpen: false, send: () => Promise.reject(new Error('called')) } }), 'later'],
    [delivery({ entitlements: { refusalOf: async () => 'Not paid.' } }), 'refused'],
    [delivery({ now: () => new Date('2026-05-02T10:00:00Z') }), 'refused'],
  ] as const
  for (const [{ deliver, steps }, kind] of cases) {
    expect(await deliver()).toMatchObject({ kind })
    expect(steps).not.toContain('send')
  }
})

test('an internal failure is told to nobody in its own words', async () => {
  const { deliver, settled } = delivery({ entitlements: { refusalOf: () => Promise.reject(new Error('secret')) } })
  await deliver()
  expect(settled).toEqual([{ kind: 'later', reason: 'Something went wrong on our side.', retryAfterMs: 0 }])
})

test('an outcome that can’t be committed leaves the message sending, and is reported', async () => {
  const { deliver, steps } = delivery({}, { settle: away })
  expect(await deliver()).toMatchObject({ kind: 'taken' })
  expect(steps.slice(-2)).toEqual(['send', 'not settled'])
})
