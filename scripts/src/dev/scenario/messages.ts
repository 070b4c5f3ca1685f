import { randomUUID } from 'node:crypto'
import type { DemoCompany, Manifest } from '../../stack/manifest.ts'
import { createSandboxControl } from '@frontdesk/testing'
import { messageOf, until } from '../follow.ts'
import type { EventStep } from './step.ts'

/** A customer writes on WhatsApp; the company answers with a text, which the provider takes since the customer wrote first. */
export function messageStep(manifest: Manifest, company: DemoCompany, customerNumber: string): EventStep {
  return {
    name: 'whatsapp messages',
    async begin() {
      const messageId = await createSandboxControl(manifest.sandbox.controlUrl).whatsapp.inbound({
        phoneNumberId: company.whatsapp.phoneNumberId,
        businessAccountId: company.whatsapp.wabaId,
        from: customerNumber.replace('+', ''),
        name: 'Wanda Writer',
        text: 'Do you have time tomorrow?',
      })
      return { entityId: messageId, eventType: 'frontdesk.message.received.v1' }
    },
    expect: {
      kind: 'attributed',
      company,
      async effects(outside) {
        const { conversationId } = await until('its conversation', async () =>
          (await outside.messaging.listConversations({ companyId: company.id })).conversations.find(
            ({ customer }) => customer?.phoneNumber === customerNumber,
          ),
        )
        const { message } = await outside.messaging.sendMessage({
          companyId: company.id,
          conversationId,
          text: 'Yes, at ten.',
          idempotencyKey: randomUUID(),
        })
        const messageId = message?.messageId ?? ''
        await messageOf(outside, company.id, { messageId }, 'MESSAGE_STATUS_DELIVERED')
        return [
          { text: `conversation ${conversationId}`, ids: { conversationId } },
          { text: `answer ${messageId} sent, delivered`, ids: { messageId } },
        ]
      },
    },
  }
}
