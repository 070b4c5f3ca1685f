import type { CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { afterOutbound, takesText } from '../domain/conversation.ts'
import { type Message, queueOutbound } from '../domain/message.ts'
import { callerKey } from './idempotency.ts'
import type { OutgoingMessages } from './ports.ts'
import { notFound, sameOrRefuse } from './refusals.ts'

export interface SendDependencies {
  readonly outgoing: (companyId: CompanyId) => OutgoingMessages
  readonly newMessageId: () => string
  readonly now: () => Date
}

export interface SendMessageCommand {
  readonly conversationId: string
  readonly text: string
  readonly idempotencyKey: string
}

const longestText = 4_096

/**
 * Queues a text for a customer who wrote within 24 hours.
 * @throws FrontdeskError `failed_precondition` outside of them, `not_found`, `invalid_argument`.
 */
export function sendMessage({ outgoing, newMessageId, now }: SendDependencies) {
  return async (companyId: CompanyId, { conversationId, text, idempotencyKey }: SendMessageCommand): Promise<Message> => {
    const key = callerKey(companyId, idempotencyKey)
    const length = Array.from(text).length
    if (text.trim() === '' || length > longestText) {
      throw new FrontdeskError('invalid_argument', { publicMessage: `text: 1 to ${longestText} characters.` })
    }
    const content = { kind: 'text', text } as const
    const queued = await outgoing(companyId).queue({
      target: { conversationId },
      key,
      decide(conversation) {
        if (!conversation) throw notFound('conversation')
        const at = now()
        if (!takesText(conversation, at)) {
          throw new FrontdeskError('failed_precondition', {
            publicMessage: 'The customer has not written within 24 hours: only a template may be sent.',
          })
        }
        const id = newMessageId()
        return {
          conversation: afterOutbound(conversation, at),
          message: queueOutbound(
            {
              id,
              conversationId,
              content,
              purpose: 'reply',
              appointmentId: undefined,
              correlationId: id,
              causationId: undefined,
            },
            at,
          ),
        }
      },
    })
    return sameOrRefuse(queued, content)
  }
}
