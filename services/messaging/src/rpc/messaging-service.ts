import type { CompanyId, MessagingServiceImplementation, SendTemplateRequest } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { pageSizeOf, requireAllCompanies, requireCompany } from '@frontdesk/rpc'
import type { Messaging } from '../app/messaging.ts'
import { fromStatusMessage, fromTemplateMessage, toConversationMessage, toMessageMessage, toSenderMessage } from './convert.ts'

/** `frontdesk.messaging.v1.MessagingService`: nothing can be asked but of a company that stands in the caller's token. */
export function createMessagingService(messagingOf: (companyId: CompanyId) => Messaging): MessagingServiceImplementation {
  return {
    async putSender(request, context) {
      requireAllCompanies(context)
      const companyId = requireCompany(context, request.companyId)
      const { phoneNumberId, businessAccountId } = request
      const confirmationTemplate = fromTemplateMessage(request.confirmationTemplate)
      const sender = await messagingOf(companyId).putSender({ phoneNumberId, businessAccountId, confirmationTemplate })
      return { sender: toSenderMessage(companyId, sender) }
    },

    async getSender(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return { sender: toSenderMessage(companyId, await messagingOf(companyId).getSender()) }
    },

    async sendMessage(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const { conversationId, text, idempotencyKey } = request
      const message = await messagingOf(companyId).sendMessage({ conversationId, text, idempotencyKey })
      return { message: toMessageMessage(companyId, message) }
    },

    async sendTemplate(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const template = fromTemplateMessage(request.template)
      if (!template) throw new FrontdeskError('invalid_argument', { publicMessage: 'template: which one is missing.' })
      const message = await messagingOf(companyId).sendTemplate({
        recipient: recipientOf(request),
        template: { ...template, parameters: request.parameters },
        idempotencyKey: request.idempotencyKey,
      })
      return { message: toMessageMessage(companyId, message) }
    },

    async resendMessage(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return { message: toMessageMessage(companyId, await messagingOf(companyId).resendMessage(request.messageId)) }
    },

    async listConversations(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const query = { limit: pageSizeOf(request.pageSize), pageToken: request.pageToken }
      const { items, nextPageToken } = await messagingOf(companyId).listConversations(query)
      return { conversations: items.map((item) => toConversationMessage(companyId, item)), nextPageToken }
    },

    async getConversation(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const query = { limit: pageSizeOf(request.pageSize), pageToken: request.pageToken }
      const { conversation, messages } = await messagingOf(companyId).getConversation(request.conversationId, query)
      return {
        conversation: toConversationMessage(companyId, conversation),
        messages: messages.items.map((item) => toMessageMessage(companyId, item)),
        nextPageToken: messages.nextPageToken,
      }
    },

    async getMessage(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return { message: toMessageMessage(companyId, await messagingOf(companyId).getMessage(request.messageId)) }
    },

    async listMessages(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const { items, nextPageToken } = await messagingOf(companyId).listMessages({
        status: fromStatusMessage(request.status),
        appointmentId: request.appointmentId || undefined,
        providerMessageId: request.providerMessageId || undefined,
        flagged: request.flagged,
        limit: pageSizeOf(request.pageSize),
        pageToken: request.pageToken,
      })
      return { messages: items.map((item) => toMessageMessage(companyId, item)), nextPageToken }
    },
  }
}

function recipientOf({ recipient }: SendTemplateRequest) {
  const to = recipient?.to
  if (!to) throw new FrontdeskError('invalid_argument', { publicMessage: 'recipient: a conversation or a phone number.' })
  return to.$case === 'conversationId' ? { conversationId: to.value } : { phoneNumber: to.value }
}
