import { newId, type CompanyId } from '@frontdesk/contracts'

/** What a caller could put into a call to name something. */
export interface Names {
  readonly companyId: string
  readonly conversationId: string
  readonly pageToken: string
  readonly idempotencyKey: string
  readonly phoneNumber: string
  readonly text: string
}

type ToolCall = readonly [tool: string, args: Record<string, unknown>]

/** Names of nobody, of the same form as those. */
export function madeUp({ pageToken, text }: Names, companyId: CompanyId): Names {
  return {
    companyId,
    conversationId: newId('conv'),
    pageToken: `${pageToken.split('.')[0]}.${newId('conv')}`,
    idempotencyKey: 'a key of nobody',
    phoneNumber: '+4989000000000',
    text: text.replaceAll(/\w/g, 'x'),
  }
}

/** Every tool with every argument that can name something, alone and beside a company. */
export function probes(own: CompanyId, names: Names): readonly ToolCall[] {
  const { companyId: company_id, conversationId: conversation_id, pageToken: page_token, idempotencyKey: idempotency_key, text } = names
  const template = { template_name: 'reminder', template_language: 'en_US' }
  return [
    ['list_conversations', { company_id }],
    ['list_conversations', { page_token }],
    ['list_conversations', { company_id, page_token }],
    ['get_conversation', { conversation_id }],
    ['get_conversation', { company_id, conversation_id }],
    ['get_conversation', { company_id: own, conversation_id }],
    ['get_conversation', { conversation_id, page_token }],
    ['send_message', { conversation_id, text: 'hello' }],
    ['send_message', { company_id, conversation_id, text: 'hello' }],
    ['send_message', { company_id: own, conversation_id, text: 'hello' }],
    ['send_message', { conversation_id, text: 'hello', idempotency_key }],
    ['send_message', { conversation_id, text, idempotency_key }],
    ['send_template', { conversation_id, ...template }],
    ['send_template', { company_id, conversation_id, ...template }],
    ['send_template', { company_id: own, conversation_id, ...template }],
    ['send_template', { company_id, phone_number: names.phoneNumber, ...template }],
    ['send_template', { conversation_id, ...template, idempotency_key }],
    [conversation_id, {}],
  ]
}

/** All bytes of the answer, less an id that the caller gave as the tool's name. */
export async function bytesOf(url: string, token: string, [name, args]: ToolCall): Promise<string> {
  const response = await fetch(url, {
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
  return [response.status, response.headers.get('content-type'), name.startsWith('conv_') ? body.replaceAll(name, 'TOOL') : body].join('\n')
}
