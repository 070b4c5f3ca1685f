import { FrontdeskError } from '@frontdesk/errors'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { companyId, conversationId, idempotencyKey, phoneNumber, template } from '../arguments.ts'
import { sendKey } from '../send-key.ts'
import { sendingHints, sentAnswer, sentSchema } from './sent.ts'
import type { ToolDependencies } from './tool-dependencies.ts'

export function registerSendTemplate(server: McpServer, { call, caller, now }: ToolDependencies): void {
  const name = 'send_template'
  server.registerTool(
    name,
    {
      title: 'Send a template',
      description:
        'Sends an approved WhatsApp template, to the customer of a conversation or to a phone number; this may begin a conversation. Give exactly one of conversation_id and phone_number.',
      inputSchema: z.strictObject({
        company_id: companyId,
        conversation_id: conversationId.optional(),
        phone_number: phoneNumber.optional(),
        ...template,
        idempotency_key: idempotencyKey,
      }),
      outputSchema: sentSchema,
      annotations: sendingHints,
    },
    ({ company_id, conversation_id, phone_number, template_name, template_language, parameters, idempotency_key }) =>
      call(name, company_id, async (desk) => {
        const calledAt = now()
        const recipient = recipientOf(conversation_id, phone_number)
        const to = 'phoneNumber' in recipient ? recipient.phoneNumber : recipient.conversationId
        const key = sendKey(caller, idempotency_key, ['template', to, template_name, template_language, ...parameters])
        const content = { name: template_name, language: template_language, parameters }
        return sentAnswer(await desk.sendTemplate({ recipient, template: content, idempotencyKey: key }), calledAt)
      }),
  )
}

function recipientOf(conversationId: string | undefined, phoneNumber: string | undefined) {
  if (conversationId !== undefined && phoneNumber === undefined) return { conversationId }
  if (phoneNumber !== undefined && conversationId === undefined) return { phoneNumber }
  throw new FrontdeskError('invalid_argument', { publicMessage: 'Give exactly one of conversation_id and phone_number.' })
}
