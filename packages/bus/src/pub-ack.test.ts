import type { Msg } from '@nats-io/nats-core'
import { expect, test } from 'vitest'
import { readPubAck } from './pub-ack.ts'

const answer = (text: string, code?: number) => ({ string: () => text, headers: code === undefined ? undefined : { code } }) as Msg

test('an ack is read with its stream and sequence', () => {
  expect(readPubAck(answer('{"stream":"INGRESS","seq":7}'))).toEqual({ ok: true, stream: 'INGRESS', sequence: 7n, duplicate: false })
  expect(readPubAck(answer('{"stream":"INGRESS","seq":7,"duplicate":true}'))).toMatchObject({ ok: true, duplicate: true })
})

test.each([
  ['', 503, 'no_stream'],
  ['', undefined, 'rejected'],
  ['null', undefined, 'rejected'],
  ['{}', undefined, 'rejected'],
  ['{"stream":"INGRESS"}', undefined, 'rejected'],
  ['{"stream":"INGRESS","seq":0}', undefined, 'rejected'],
  ['{"stream":"INGRESS","seq":"7"}', undefined, 'rejected'],
  ['{"error":{"err_code":10054,"description":"message size exceeds maximum allowed"}}', undefined, 'too_large'],
  ['{"error":{"err_code":10047,"description":"insufficient storage resources available"}}', undefined, 'rejected'],
])('the answer %s (status %s) is no ack but %s', (text, code, reason) => {
  expect(readPubAck(answer(text, code))).toMatchObject({ ok: false, reason })
})
