import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { companyId, conversationId, idempotencyKey, messageText } from '../arguments.ts'
import { sendKey } from '../send-key.ts'
import { sendingHints, sentAnswer, sentSchema } from './sent.ts'
import type { ToolDependencies } from './tool-dependencies.ts'

export function registerSendMessage(server: McpServer, { call, caller, now }: ToolDependencies): void {
  const name = 'send_message'
  server.registerTool(
    name,
    {
      title: 'Send a message',
      description:
        'Sends a WhatsApp text to the customer of a conversation. It works only within 24 hours of the customer’s last message (text_allowed_until); outside of them use send_template.',
      inputSchema: z.strictObject({
        company_id: companyId,
        conversation_id: conversationId,
        text: messageText,
        idempotency_key: idempotencyKey,
      }),
      outputSchema: sentSchema,
      annotations: sendingHints,
    },
    ({ company_id, conversation_id, text, idempotency_key }) =>
      call(name, company_id, async (desk) => {
        const calledAt = now()
        const key = sendKey(caller, idempotency_key, ['text', conversation_id, text])
        return sentAnswer(await desk.sendMessage({ conversationId: conversation_id, text, idempotencyKey: key }), calledAt)
      }),
  )
}
