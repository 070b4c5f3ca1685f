import type { Msg } from '@nats-io/nats-core'
import { expect, test } from 'vitest'
import { answerBody, deliveryOf } from './delivery.ts'

const withReply = (reply: string | undefined) => ({ reply }) as Msg

test('a delivery is read from both forms of reply subject', () => {
  expect(deliveryOf(withReply('$JS.ACK.INGRESS.d.3.42.40.1700000000000000000.7'))).toEqual({
    count: 3,
    streamSequence: 42n,
    storedAt: new Date(1_700_000_000_000),
    pending: 7,
  })
  expect(deliveryOf(withReply('$JS.ACK._.ACC.INGRESS.d.3.9007199254740993.40.1700000000000000000.7.x'))).toEqual({
    count: 3,
    streamSequence: 9007199254740993n,
    storedAt: new Date(1_700_000_000_000),
    pending: 7,
  })
})

test.each([undefined, '', 'x', '_INBOX.a.b', '$JS.ACK.a.b.x.42.1.1.1', '$JS.ACK.a.b.1.-2.1.1.1', '$JS.FC.a.b.1.2.1.1.1'])(
  'a message with the reply subject %s is no delivery',
  (reply) => {
    expect(deliveryOf(withReply(reply))).toBeUndefined()
  },
)

test('answers are what the broker reads', () => {
  const text = (answer: Parameters<typeof answerBody>[0]) => Buffer.from(answerBody(answer)).toString()
  expect(text({ kind: 'ack' })).toBe('+ACK')
  expect(text({ kind: 'term' })).toBe('+TERM')
  expect(text({ kind: 'working' })).toBe('+WPI')
  expect(text({ kind: 'nak', delayMs: 1_500 })).toBe('-NAK {"delay":1500000000}')
  expect(text({ kind: 'nak', delayMs: -1 })).toBe('-NAK {"delay":0}')
})
