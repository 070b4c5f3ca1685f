import { newId, type CompanyId } from '@frontdesk/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf, newCompany, startHarness, textOf, type Harness } from './harness.ts'

let harness: Harness
let own: CompanyId
let other: CompanyId
/** Everything of the other company's that must not show anywhere. */
const secrets = ['Bertha Bee', '+4989111222333', 'my diagnosis is private']
let theirs: { conversationId: string; pageToken: string; idempotencyKey: string }

beforeAll(async () => {
  harness = await startHarness()
  own = newCompany()
  other = newCompany()
  harness.desks.converse(own, { name: 'Ada' })
  const conversationId = harness.desks.converse(other, { name: secrets[0], phoneNumber: secrets[1], texts: [secrets[2] ?? '', 'bye'] })
  const { call } = await harness.connect([other])
  const idempotencyKey = 'their key'
  const sent = await call('send_message', { conversation_id: conversationId, text: secrets[2], idempotency_key: idempotencyKey })
  expect(sent.isError).toBeFalsy()
  const page = await call('list_conversations', { page_size: 1 })
  theirs = { conversationId, pageToken: String(dataOf(page)['next_page_token']), idempotencyKey }
})
afterAll(() => harness[Symbol.asyncDispose]())

const text = { text: 'hello' }
const template = { template_name: 'reminder', template_language: 'en_US' }

/** Every tool with every argument that can name something, by name of what is put in. */
function attempts(put: { companyId: string; conversationId: string; pageToken: string; idempotencyKey: string; phoneNumber: string }) {
  const { companyId: company_id, conversationId: conversation_id, pageToken: page_token, idempotencyKey: idempotency_key } = put
  const calls: [string, Record<string, unknown>][] = [
    ['list_conversations', { company_id }],
    ['list_conversations', { page_token }],
    ['list_conversations', { company_id, page_token }],
    ['get_conversation', { conversation_id }],
    ['get_conversation', { company_id, conversation_id }],
    ['get_conversation', { company_id: own, conversation_id }],
    ['get_conversation', { conversation_id, page_token }],
    ['send_message', { conversation_id, ...text }],
    ['send_message', { company_id, conversation_id, ...text }],
    ['send_message', { conversation_id, ...text, idempotency_key }],
    ['send_message', { conversation_id, text: secrets[2], idempotency_key }],
    ['send_template', { conversation_id, ...template }],
    ['send_template', { company_id, conversation_id, ...template }],
    ['send_template', { company_id, phone_number: put.phoneNumber, ...template }],
    ['send_template', { conversation_id, ...template, idempotency_key }],
    [put.conversationId, {}],
  ]
  return calls
}

/** All bytes of the answer, with what the caller himself put in taken out. */
async function bytesOf(call: [string, Record<string, unknown>], companies: readonly CompanyId[]): Promise<string> {
  const token = await harness.tokenFor(companies)
  const [name, args] = call
  const response = await fetch(harness.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  })
  const body = await response.text()
  return [response.status, response.headers.get('content-type'), body.replaceAll(name, 'TOOL')].join('\n')
}

test('what is another company’s looks, byte for byte, like what does not exist, by every tool and argument', async () => {
  const ofTheirs = attempts({ ...theirs, companyId: other, phoneNumber: secrets[1] ?? '' })
  const madeUp = attempts({
    companyId: newCompany(),
    conversationId: newId('conv'),
    pageToken: `${theirs.pageToken.split('.')[0]}.${newId('conv')}`,
    idempotencyKey: 'a key of nobody',
    phoneNumber: '+4989000000000',
  })
  for (const [index, call] of ofTheirs.entries()) {
    const answer = await bytesOf(call, [own])
    expect({ call, answer }).toEqual({ call, answer: await bytesOf(madeUp[index] ?? call, [own]) })
    for (const secret of [...secrets, ...Object.values(theirs).filter((value) => value !== call[0])]) expect(answer).not.toContain(secret)
  }
  expect(harness.desks.messages(other)).toHaveLength(3)
})

test('the same calls by the other company itself do find it', async () => {
  const { call } = await harness.connect([other])
  const found = await call('get_conversation', { conversation_id: theirs.conversationId })
  for (const secret of secrets) expect(JSON.stringify(found)).toContain(secret)
})

test('a phone number or a key that another company used begins anew here', async () => {
  const { call } = await harness.connect([own])
  const sent = await call('send_template', { ...template, phone_number: secrets[1], idempotency_key: theirs.idempotencyKey })
  expect(sent.structuredContent).toMatchObject({ already_sent: false })
  expect(JSON.stringify(sent)).not.toContain(theirs.conversationId)
  expect(harness.desks.messages(other)).toHaveLength(3)
})

test('a token for several companies names one, and a token for all names any', async () => {
  const third = newCompany()
  const several = await harness.connect([own, third])
  const refused = textOf(await several.call('list_conversations'))
  expect(refused).toMatch(/^invalid_argument: company_id/)
  expect(refused).toContain(own)
  expect(dataOf(await several.call('list_conversations', { company_id: third }))).toEqual({ conversations: [] })
  expect(textOf(await several.call('list_conversations', { company_id: other }))).toMatch(/^not_found/)
  const operator = await harness.connect('all')
  expect(textOf(await operator.call('list_conversations'))).toMatch(/^invalid_argument: company_id/)
  expect(JSON.stringify(await operator.call('list_conversations', { company_id: other }))).toContain(secrets[0])
  const nobody = await harness.connect([])
  expect(textOf(await nobody.call('list_conversations'))).toMatch(/^not_found/)
})
