import type { CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { afterOutbound, openConversation } from '../domain/conversation.ts'
import { type Message, queueOutbound, type TemplateContent } from '../domain/message.ts'
import { callerKey } from './idempotency.ts'
import type { Senders, Target } from './ports.ts'
import { notFound, sameOrRefuse } from './refusals.ts'
import type { SendDependencies } from './send-message.ts'

export interface SendTemplateCommand {
  readonly recipient: { readonly conversationId: string } | { readonly phoneNumber: string }
  readonly template: TemplateContent
  readonly idempotencyKey: string
}

export interface SendTemplateDependencies extends SendDependencies {
  readonly senders: Senders
  readonly newConversationId: () => string
}

/**
 * Queues a template, which may begin a conversation.
 * @throws FrontdeskError `failed_precondition` without a number to write from, `not_found`, `invalid_argument`.
 */
export function sendTemplate({ outgoing, senders, newMessageId, newConversationId, now }: SendTemplateDependencies) {
  async function targetOf(companyId: CompanyId, recipient: SendTemplateCommand['recipient']): Promise<Target> {
    if ('conversationId' in recipient) return recipient
    if (!/^\+[1-9]\d{6,14}$/.test(recipient.phoneNumber)) throw invalid('recipient.phone_number: E.164, such as +4930123456.')
    const sender = await senders.get(companyId)
    if (!sender) {
      throw new FrontdeskError('failed_precondition', { publicMessage: 'The company has no number to write from: set its sender first.' })
    }
    return { phoneNumberId: sender.phoneNumberId, phoneNumber: recipient.phoneNumber }
  }

  return async (companyId: CompanyId, { recipient, template, idempotencyKey }: SendTemplateCommand): Promise<Message> => {
    const key = callerKey(companyId, idempotencyKey)
    checkTemplate(template)
    const target = await targetOf(companyId, recipient)
    const content = { kind: 'template', template } as const
    const queued = await outgoing(companyId).queue({
      target,
      key,
      decide(found) {
        const at = now()
        const conversation = found ?? begin(target, at)
        const id = newMessageId()
        return {
          conversation: afterOutbound(conversation, at),
          message: queueOutbound(
            {
              id,
              conversationId: conversation.id,
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

  function begin(target: Target, at: Date) {
    if ('conversationId' in target) throw notFound('conversation')
    const { phoneNumberId, phoneNumber } = target
    return openConversation(newConversationId(), phoneNumberId, { phoneNumber, userId: '', name: '' }, at)
  }
}

const longest = { name: 512, language: 16, parameter: 1_024, parameters: 50 }

/** @throws FrontdeskError `invalid_argument` for what no provider's template is. */
export function checkTemplate({ name, language, parameters }: TemplateContent): void {
  if (!/^[a-z0-9_]+$/.test(name) || name.length > longest.name) throw invalid('template.name: small letters, digits and underscores.')
  if (!/^[a-z]{2,3}(_[A-Za-z]{2,8})?$/.test(language) || language.length > longest.language) {
    throw invalid('template.language: such as en_US.')
  }
  if (parameters.length > longest.parameters) throw invalid(`parameters: at most ${longest.parameters}.`)
  for (const parameter of parameters) {
    if (parameter.trim() === '' || parameter.length > longest.parameter || /[\n\t]| {5}/.test(parameter)) {
      throw invalid(`parameters: each 1 to ${longest.parameter} characters without line breaks, tabs or five spaces in a row.`)
    }
  }
}

function invalid(publicMessage: string): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage })
}
