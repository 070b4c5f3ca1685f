import { newId } from '@frontdesk/contracts'
import { refusedTokens } from '@frontdesk/rpc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aSenderNumber, newCompany } from './harness.ts'
import { key, type ScriptedHarness, startScriptedHarness } from './scripted-harness.ts'

let harness: ScriptedHarness
beforeAll(async () => {
  harness = await startScriptedHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('another company’s id and an unknown one look the same', async () => {
  const { companyId: a, conversationId, phoneNumberId } = await harness.aConversation()
  const b = newCompany()
  await harness.putSender(b, aSenderNumber())
  const { message } = await harness.messaging.sendMessage({ companyId: a, conversationId, text: 'Hi', idempotencyKey: key() })
  const ask = (conversation: string, messageId: string) =>
    Promise.allSettled([
      harness.messaging.getConversation({ companyId: b, conversationId: conversation }),
      harness.messaging.getMessage({ companyId: b, messageId }),
      harness.messaging.resendMessage({ companyId: b, messageId }),
      harness.messaging.sendMessage({ companyId: b, conversationId: conversation, text: 'Hi', idempotencyKey: key() }),
      harness.messaging.sendTemplate({
        companyId: b,
        recipient: { to: { $case: 'conversationId', value: conversation } },
        template: { name: 'hello', language: 'en' },
        idempotencyKey: key(),
      }),
    ])
  const foreign = await ask(conversationId, message?.messageId ?? '')
  const unknown = await ask(newId('conv'), newId('msg'))
  const told = (outcomes: PromiseSettledResult<unknown>[]) => outcomes.map((outcome) => String((outcome as PromiseRejectedResult).reason))
  expect(told(foreign)).toEqual(told(unknown))
  for (const outcome of foreign) expect(outcome).toMatchObject({ reason: { code: 'not_found' } })
  await expect(harness.messaging.getSender({ companyId: newCompany() })).rejects.toMatchObject({ code: 'not_found' })
  await expect(harness.putSender(b, phoneNumberId)).rejects.toMatchObject({ code: 'already_exists' })
})

test('the same key, number and text at two companies are two messages', async () => {
  const [a, b] = [await harness.aConversation(), await harness.aConversation()]
  const idempotencyKey = key()
  const [ofA, ofB] = await Promise.all(
    [a, b].map(({ companyId, conversationId }) => harness.messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey })),
  )
  expect(ofA?.message?.messageId).not.toBe(ofB?.message?.messageId)
})

test('every method refuses a call without a token, with an expired one, for another audience, or for a company that is not in it', async () => {
  const companyId = newCompany()
  for (const [code, source] of refusedTokens(harness.authority, 'booking', newCompany())) {
    const { messaging, operations } = harness.clients(source)
    const refused = await Promise.allSettled([
      messaging.putSender({ companyId }),
      messaging.getSender({ companyId }),
      messaging.sendMessage({ companyId }),
      messaging.sendTemplate({ companyId }),
      messaging.resendMessage({ companyId }),
      messaging.listConversations({ companyId }),
      messaging.getConversation({ companyId }),
      messaging.getMessage({ companyId }),
      messaging.listMessages({ companyId }),
      operations.getConservation({}),
    ])
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
  }
  const operator = harness.authority.issuer('operator')
  const ofCompany = harness.clients({ issue: (request) => operator.issue({ ...request, companies: [companyId] }) })
  await expect(ofCompany.messaging.putSender({ companyId })).rejects.toMatchObject({ code: 'permission_denied' })
})

test('hostile arguments are refused by name', async () => {
  const { companyId, conversationId } = await harness.aConversation()
  const { messaging } = harness
  const ids = { companyId, phoneNumberId: '1', businessAccountId: '2' }
  const template = { name: 'hello', language: 'en_US' }
  const to = { to: { $case: 'conversationId' as const, value: conversationId } }
  const begin = { companyId, recipient: to, template, idempotencyKey: key() }
  const refused = await Promise.allSettled([
    messaging.putSender({ ...ids, phoneNumberId: '../me' }),
    messaging.putSender({ ...ids, confirmationTemplate: { name: 'no spaces', language: 'en' } }),
    messaging.sendMessage({ companyId, conversationId, text: ' ', idempotencyKey: key() }),
    messaging.sendMessage({ companyId, conversationId, text: 'x'.repeat(4_097), idempotencyKey: key() }),
    messaging.sendMessage({ companyId, conversationId, text: 'Hi', idempotencyKey: '' }),
    messaging.sendTemplate({ ...begin, recipient: undefined }),
    messaging.sendTemplate({ ...begin, recipient: { to: { $case: 'phoneNumber', value: '030 123' } } }),
    messaging.sendTemplate({ ...begin, template: undefined }),
    messaging.sendTemplate({ ...begin, template: { name: 'hello', language: 'English' } }),
    messaging.sendTemplate({ ...begin, parameters: ['a\nb'] }),
    messaging.sendTemplate({ ...begin, parameters: Array.from({ length: 51 }, () => 'x') }),
    messaging.listMessages({ companyId, pageToken: 'x' }),
    messaging.listConversations({ companyId, pageToken: `999999999999999.${newId('conv')}` }),
    messaging.listConversations({ companyId: 'cmp_x' }),
  ])
  for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'invalid_argument' } })
})
