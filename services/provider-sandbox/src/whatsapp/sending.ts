import { randomBytes } from 'node:crypto'
import { graphError } from './errors.ts'
import type { MessageRequest } from './request.ts'
import { digitsOf, type SentMessage, templateKey, type WhatsappState, windowKey } from './state.ts'

const windowMs = 24 * 3_600_000

export const newMessageId = (): string => `wamid.${randomBytes(36).toString('base64url')}`

/** The message, if Meta would take it. @throws ProviderError */
export function acceptedMessage(
  state: WhatsappState,
  phoneNumberId: string,
  request: MessageRequest,
  id: string,
  nowMs: number,
): SentMessage {
  const to = recipientOf(request)
  if (request.type === 'text') checkWindow(state, phoneNumberId, to, nowMs)
  else checkTemplate(state, request.template)
  return {
    id,
    phoneNumberId,
    to,
    type: request.type,
    text: request.type === 'text' ? request.text.body : null,
    template: request.type === 'template' ? request.template : null,
    reference: request.biz_opaque_callback_data ?? null,
    statuses: [],
  }
}

/** Whether the recipient is a number; else it is a user's id. */
export const isNumber = (recipient: string): boolean => /^\d+$/.test(recipient)

function recipientOf({ to, recipient }: MessageRequest): string {
  if (to === undefined) {
    if (!/^[A-Z]{2}\.[A-Za-z0-9]{1,128}$/.test(recipient ?? '')) throw graphError(131009, 'The recipient is no user id.')
    return recipient ?? ''
  }
  const digits = digitsOf(to)
  if (!/^\+?[\d\s().-]+$/.test(to) || digits.length < 7 || digits.length > 15)
    throw graphError(131009, `The phone number in to is not valid.`)
  return digits
}

function checkWindow({ windows }: WhatsappState, phoneNumberId: string, user: string, nowMs: number): void {
  const lastMs = windows.get(windowKey(phoneNumberId, user))
  if (lastMs !== undefined && nowMs - lastMs < windowMs) return
  throw graphError(131047, 'Message failed to send because more than 24 hours have passed since the customer last replied to this number.')
}

function checkTemplate({ templates }: WhatsappState, template: Extract<MessageRequest, { type: 'template' }>['template']): void {
  if (templates.size === 0) return
  const { name, language, components } = template
  const known = templates.get(templateKey(name, language.code))
  if (!known) throw graphError(132001, `template name (${name}) does not exist in ${language.code}`)
  const count = components.filter(({ type }) => type.toLowerCase() === 'body').reduce((sum, { parameters }) => sum + parameters.length, 0)
  if (count === known.parameterCount) return
  throw graphError(
    132000,
    `body: number of localizable_params (${count}) does not match the expected number of params (${known.parameterCount})`,
  )
}
