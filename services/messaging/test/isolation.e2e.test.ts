import { type CompanyId, MessagingServiceDefinition, newId } from '@frontdesk/contracts'
import { answersToOwn, probeIsolation } from '@frontdesk/rpc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { key, type ScriptedHarness, startScriptedHarness } from './scripted-harness.ts'

let harness: ScriptedHarness
beforeAll(async () => {
  harness = await startScriptedHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

async function aCompany() {
  const { companyId, conversationId, phoneNumberId } = await harness.aConversation()
  const { message } = await harness.messaging.sendMessage({ companyId, conversationId, text: 'private', idempotencyKey: key() })
  const { messageId = '', providerMessageId = '' } = message ?? {}
  const requests = {
    putSender: { companyId, phoneNumberId, businessAccountId: '102290129340398' },
    getSender: { companyId },
    sendMessage: { companyId, conversationId, text: 'Hi', idempotencyKey: key() },
    sendTemplate: {
      companyId,
      recipient: { to: { $case: 'conversationId', value: conversationId } },
      template: { name: 'hello', language: 'en' },
      idempotencyKey: key(),
    },
    resendMessage: { companyId, messageId },
    listConversations: { companyId },
    getConversation: { companyId, conversationId },
    getMessage: { companyId, messageId },
    listMessages: { companyId, appointmentId: newId('apt'), providerMessageId },
  }
  return { companyId, requests, marks: [companyId, conversationId, phoneNumberId, messageId, 'private'] }
}

function client(companies: readonly CompanyId[] | 'all') {
  const issuer = harness.authority.issuer('operator')
  return harness.clients({ issue: (request) => issuer.issue({ ...request, companies: companies === 'all' ? companies : [...companies] }) })
    .messaging
}

/** A number sends for one company: that it has one already is what the platform has to be told. */
const ofThePlatform = new Set(['putSender.phoneNumberId', 'putSender.businessAccountId'])

test('of messaging, what is another company’s reads byte for byte as what does not exist, and the own is answered', async () => {
  const [mine, theirs] = [await aCompany(), await aCompany()]
  const probes = await probeIsolation({ service: MessagingServiceDefinition, client, mine, theirs, ofThePlatform })
  for (const { method, field, caller, foreign, missing } of probes) {
    const what = `${caller} ${method} ${field}`
    expect([what, foreign]).toEqual([what, missing])
    expect(['not_found', 'permission_denied', 'answered'], what).toContain(foreign.code)
    for (const mark of theirs.marks) expect(foreign.bytes, what).not.toContain(mark)
  }
  const codes = await answersToOwn({ service: MessagingServiceDefinition, client }, mine)
  expect(Object.keys(codes).toSorted()).toEqual(Object.keys(MessagingServiceDefinition.methods).toSorted())
  // A message that was sent is not sent again.
  expect(Object.entries(codes).filter(([, code]) => code !== 'answered')).toEqual([['resendMessage', 'failed_precondition']])
})
