import type { CompanyId } from '@frontdesk/contracts'
import type { Page } from '@frontdesk/database'
import { resend } from '../domain/attempt.ts'
import type { Conversation } from '../domain/conversation.ts'
import type { Message } from '../domain/message.ts'
import type { Sender } from '../domain/sender.ts'
import type { ConversationReader, MessageQuery, MessageReader, PageQuery } from './ports.ts'
import { putSender } from './put-sender.ts'
import { notFound } from './refusals.ts'
import { sendMessage, type SendMessageCommand } from './send-message.ts'
import { sendTemplate, type SendTemplateCommand, type SendTemplateDependencies } from './send-template.ts'

/** What one company can do, whatever the door that it comes in by. */
export interface Messaging {
  sendMessage(command: SendMessageCommand): Promise<Message>
  sendTemplate(command: SendTemplateCommand): Promise<Message>
  /** Sends a message again whose outcome is unknown; it may arrive twice. */
  resendMessage(messageId: string): Promise<Message>
  /** The one with the latest message first. */
  listConversations(query: PageQuery): Promise<Page<Conversation>>
  /** With its messages, the latest first. */
  getConversation(conversationId: string, query: PageQuery): Promise<{ conversation: Conversation; messages: Page<Message> }>
  getMessage(messageId: string): Promise<Message>
  /** The latest first. */
  listMessages(query: MessageQuery): Promise<Page<Message>>
  getSender(): Promise<Sender>
  putSender(sender: Sender): Promise<Sender>
}

export interface MessagingDependencies extends SendTemplateDependencies {
  readonly conversations: (companyId: CompanyId) => ConversationReader
  readonly messages: (companyId: CompanyId) => MessageReader
}

/** The use cases, of one company each. */
export function createMessaging(deps: MessagingDependencies): (companyId: CompanyId) => Messaging {
  const send = sendMessage(deps)
  const begin = sendTemplate(deps)
  const put = putSender(deps)

  return (companyId) => {
    const conversations = deps.conversations(companyId)
    const messages = deps.messages(companyId)
    return {
      sendMessage: (command) => send(companyId, command),
      sendTemplate: (command) => begin(companyId, command),
      async resendMessage(messageId) {
        return found('message', await deps.outgoing(companyId).change(messageId, (message) => resend(message, deps.now())))
      },
      listConversations: (query) => conversations.list(query),
      async getConversation(conversationId, query) {
        const conversation = found('conversation', await conversations.get(conversationId))
        return { conversation, messages: await messages.list({ ...query, conversationId }) }
      },
      getMessage: async (messageId) => found('message', await messages.get(messageId)),
      listMessages: (query) => messages.list(query),
      getSender: async () => found('sender', await deps.senders.get(companyId)),
      putSender: (sender) => put(companyId, sender),
    }
  }
}

function found<Thing>(what: string, thing: Thing | undefined): Thing {
  if (thing === undefined) throw notFound(what)
  return thing
}
