import { fileURLToPath } from 'node:url'
import { type CompanyId, newId } from '@frontdesk/contracts'
import { createTokenIssuer } from '@frontdesk/rpc'
import { eventually } from '@frontdesk/testing'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { received } from './events.ts'
import { aPhoneNumber, aSenderNumber, type Harness, newCompany, startHarness } from './harness.ts'
import { bytesOf, madeUp, type Names, probes } from './mcp/probes.ts'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'

let provider: ScriptedProvider
let harness: Harness
const opened = new AsyncDisposableStack()
beforeAll(async () => {
  provider = await startScriptedProvider()
  harness = await startHarness(provider.url)
})
afterAll(async () => {
  await opened[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const tokenFor = (companies: readonly CompanyId[]) =>
  harness.authority.issuer('console').issue({ audience: 'messaging', companies, actor: 'usr_ada' })

async function connect(transport: StreamableHTTPClientTransport | StdioClientTransport) {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(transport)
  opened.defer(() => client.close())
  return async (name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> => client.callTool({ name, arguments: args })
}

async function connectHttp(companies: readonly CompanyId[]) {
  const token = await tokenFor(companies)
  return connect(new StreamableHTTPClientTransport(new URL(harness.service.mcpUrl), { authProvider: { token: async () => token } }))
}

/** A company to whose number a customer has just written. */
async function aCompany(customer: { name: string; phoneNumber: string }, texts: readonly string[]) {
  const companyId = newCompany()
  const phoneNumberId = aSenderNumber()
  await harness.putSender(companyId, phoneNumberId)
  const mail = texts.map((text, index) =>
    received(companyId, `wamid.${newId('in')}`, {
      phoneNumberId,
      sender: customer,
      text,
      sentAt: new Date(Date.now() - 60_000 + index * 1_000),
    }),
  )
  await harness.publish(...mail)
  const { conversations } = await harness.messaging.listConversations({ companyId })
  return { companyId, conversationId: conversations[0]?.conversationId ?? '' }
}

test('a model reads what a customer wrote, answers once however often it tries, and sees it sent', async () => {
  const { companyId, conversationId } = await aCompany({ name: 'Ada', phoneNumber: aPhoneNumber() }, ['Are you open on Monday?'])
  const call = await connectHttp([companyId])
  expect((await call('list_conversations')).structuredContent).toMatchObject({
    conversations: [{ conversation_id: conversationId, customer_name: 'Ada' }],
  })
  const answer = { conversation_id: conversationId, text: 'From nine on.' }
  const sent = await Promise.all([1, 2, 3].map(() => call('send_message', answer)))
  const ids = new Set(sent.map(({ structuredContent }) => JSON.stringify(Object(structuredContent)['message']['message_id'])))
  expect(ids.size).toBe(1)
  await eventually(async () => {
    const read = await call('get_conversation', { conversation_id: conversationId })
    expect(read.structuredContent).toMatchObject({
      messages: [{ text: 'From nine on.', status: 'sent' }, { text: 'Are you open on Monday?' }],
    })
  })
  expect(provider.calls.filter(({ body }) => JSON.stringify(body).includes('From nine on.'))).toHaveLength(1)
  expect((await call('send_message', answer)).structuredContent).toMatchObject({ already_sent: true })
})

test('a template begins a conversation', async () => {
  const { companyId } = await aCompany({ name: 'Ada', phoneNumber: aPhoneNumber() }, ['Hi'])
  const call = await connectHttp([companyId])
  const phone_number = aPhoneNumber()
  const sent = await call('send_template', { phone_number, template_name: 'reminder', template_language: 'en_US', parameters: ['Ada'] })
  expect(sent.structuredContent).toMatchObject({ already_sent: false, message: { kind: 'template', template: { parameters: ['Ada'] } } })
  expect(JSON.stringify(await call('list_conversations'))).toContain(phone_number)
})

test('a token of one company reads nothing of another through any tool: all looks, byte for byte, like what does not exist', async () => {
  const customer = { name: 'Bertha Bee', phoneNumber: aPhoneNumber() }
  const text = 'my diagnosis is private'
  const { companyId: other, conversationId } = await aCompany(customer, [text, 'bye'])
  const { companyId: own } = await aCompany({ name: 'Ada', phoneNumber: aPhoneNumber() }, ['Hi', 'Hello'])
  const call = await connectHttp([other])
  const idempotencyKey = 'their key'
  expect((await call('send_message', { conversation_id: conversationId, text, idempotency_key: idempotencyKey })).isError).toBeFalsy()
  const page = await call('list_conversations', { page_size: 1 })
  const names: Names = {
    companyId: other,
    conversationId,
    pageToken: String(Object(page.structuredContent)['next_page_token']),
    idempotencyKey,
    phoneNumber: customer.phoneNumber,
    text,
  }
  expect(JSON.stringify(await call('get_conversation', { conversation_id: conversationId }))).toContain(text)
  const before = await harness.messaging.getConversation({ companyId: other, conversationId })

  const token = await tokenFor([own])
  const nobodys = probes(own, madeUp(names, newCompany()))
  const refusals = new Set<string>()
  for (const [index, probe] of probes(own, names).entries()) {
    // One after the other, so that none can be answered by another's effect unseen.
    const answer = await bytesOf(harness.service.mcpUrl, token, probe)
    expect({ probe, answer }).toEqual({ probe, answer: await bytesOf(harness.service.mcpUrl, token, nobodys[index] ?? probe) })
    if (answer.includes('not_found')) refusals.add(answer)
    for (const secret of [customer.name, customer.phoneNumber, text, other, conversationId]) expect(answer).not.toContain(secret)
  }
  expect(refusals.size).toBe(1)
  expect((await harness.messaging.getConversation({ companyId: other, conversationId })).messages).toHaveLength(before.messages.length)
})

test('`frontdesk mcp` serves the same tools on stdin and stdout, in the name of its token', async () => {
  const { companyId, conversationId } = await aCompany({ name: 'Ada', phoneNumber: aPhoneNumber() }, ['Hi'])
  const cli = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    FRONTDESK_MCP_URL: harness.service.mcpUrl,
    FRONTDESK_TOKEN: await tokenFor([companyId]),
  }
  const call = await connect(new StdioClientTransport({ command: process.execPath, args: [cli, 'mcp'], env, cwd: '/' }))
  expect((await call('get_conversation', { conversation_id: conversationId })).structuredContent).toMatchObject({
    messages: [{ text: 'Hi' }],
  })
  expect((await call('get_conversation', { conversation_id: newId('conv') })).isError).toBe(true)
})

test('a token whose key is not in the JWKS is refused', async () => {
  const { privateJwk } = harness.authority.keyPair
  const stranger = createTokenIssuer({ privateJwk: { ...privateJwk, kid: 'stranger' }, caller: 'console' })
  const token = await stranger.issue({ audience: 'messaging', companies: 'all' })
  const response = await fetch(harness.service.mcpUrl, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' })
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"'])
})
