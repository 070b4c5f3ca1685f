import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, freePort } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { metaError, type ScriptedProvider, startScriptedProvider } from '../../test/scripted-provider.ts'
import { outcomeOfFailure } from './whatsapp-errors.ts'
import { createWhatsApp } from './whatsapp.ts'

let provider: ScriptedProvider
beforeAll(async () => {
  provider = await startScriptedProvider()
})
afterAll(() => provider[Symbol.asyncDispose]())

const channelTo = (baseUrl: string, breakMs = 10_000) =>
  createWhatsApp({ baseUrl, accessToken: 'token', telemetry: createTestTelemetry(), timeoutMs: 200, breakMs })
const message = {
  phoneNumberId: '1',
  to: { phoneNumber: '+16505551234', userId: 'US.1' },
  content: { kind: 'text', text: 'Hi' },
  reference: 'msg_1',
} as const
const send = () => channelTo(provider.url).send(message)

test('a taken message has the provider’s id, and a number wins over an id', async () => {
  expect(await send()).toMatchObject({ kind: 'taken', providerMessageId: expect.stringMatching(/^wamid\./) })
  expect(provider.calls.at(-1)?.body).toMatchObject({ to: '16505551234', recipient_type: 'individual' })
  expect(provider.calls.at(-1)?.body).not.toHaveProperty('recipient')
})

test.each([
  [400, 131047, 'window_closed'],
  [400, 130429, 'later'],
  [400, 131056, 'later'],
  [400, 131048, 'later'],
  [403, 80007, 'later'],
  [400, 4, 'later'],
  [429, 1, 'later'],
  [400, 131026, 'refused'],
  [400, 131049, 'refused'],
  [400, 131050, 'refused'],
  [404, 132000, 'refused'],
  [404, 132001, 'refused'],
  [401, 190, 'later'],
  [401, 0, 'later'],
  [400, 190, 'later'],
  [400, 999_999, 'refused'],
  [408, 1, 'unknown'],
  [500, 131000, 'unknown'],
  [503, 2, 'unknown'],
])('HTTP %i with code %i is %s', async (status, code, kind) => {
  provider.script(metaError(status, code))
  expect(await send()).toMatchObject({ kind, reason: `WhatsApp ${code}: refused in detail` })
})

test('a limit waits at least as long as the provider asks', async () => {
  const limited = (retryAfter: string) => ({ kind: 'answer', status: 429, body: {}, headers: { 'retry-after': retryAfter } }) as const
  provider.script(limited('7'), limited('Wed, 21 Oct 2026 07:28:00 GMT'), metaError(400, 4))
  expect(await send()).toMatchObject({ kind: 'later', retryAfterMs: 7_000 })
  expect(await send()).toMatchObject({ kind: 'later', retryAfterMs: 1_000 })
  expect(await send()).toMatchObject({ kind: 'later', retryAfterMs: 60_000 })
})

test('whatever may have been sent is unknown: no answer, half an answer, a redirect', async () => {
  const answer = (status: number, body: unknown) => ({ kind: 'answer', status, body }) as const
  for (const script of [
    { kind: 'hang' },
    { kind: 'reset' },
    answer(200, '{"messages":'),
    answer(200, { messages: [] }),
    answer(302, ''),
    answer(502, '<html>'),
  ] as const) {
    provider.script(script)
    expect(await send()).toMatchObject({ kind: 'unknown' })
  }
})

test('where nobody listens nothing was sent, and it is tried again', async () => {
  expect(await channelTo(`http://127.0.0.1:${await freePort()}`).send(message)).toMatchObject({ kind: 'later' })
  expect(await channelTo('http://nobody.invalid').send(message)).toMatchObject({ kind: 'later' })
})

test('a route that is lost under an established connection may have let the request through', () => {
  const failure = (code: string, syscall: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code, syscall }) })
  for (const code of ['EHOSTUNREACH', 'ENETUNREACH']) {
    expect(outcomeOfFailure(failure(code, 'connect'))).toMatchObject({ kind: 'later' })
    expect(outcomeOfFailure(failure(code, 'read'))).toMatchObject({ kind: 'unknown' })
    expect(outcomeOfFailure(failure(code, 'write'))).toMatchObject({ kind: 'unknown' })
  }
})

test('after five calls without a usable answer none is made for a while, and then one tells', async () => {
  const channel = channelTo(provider.url, 100)
  for (let call = 0; call < 5; call += 1) {
    provider.script(metaError(500, 131000))
    expect(channel.isOpen).toBe(true)
    await channel.send(message)
  }
  const before = provider.calls.length
  expect(channel.isOpen).toBe(false)
  expect(await channel.send(message)).toMatchObject({ kind: 'later', retryAfterMs: 100 })
  expect(provider.calls).toHaveLength(before)
  await eventually(() => expect(channel.isOpen).toBe(true))
  expect(await channel.send(message)).toMatchObject({ kind: 'taken' })
})
