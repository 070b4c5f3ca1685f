import { confirmationTemplate, confirmationText } from './confirmation.ts'
import type { Content, Message, TemplateContent } from './message.ts'
import { takesText } from './conversation.ts'

/** What is sent, or why nothing is. */
export type Plan<Value> = { readonly kind: 'send'; readonly value: Value } | { readonly kind: 'refuse'; readonly reason: string }

/** What a confirmation depends on, as it stands when it is sent. */
export interface ConfirmationFacts {
  readonly message: Message
  readonly appointment: { readonly status: string; readonly title: string; readonly startsAt: Date | undefined } | undefined
  readonly customer: { readonly name: string; readonly phoneNumber: string } | undefined
  readonly company: { readonly name: string; readonly timeZone: string } | undefined
  readonly template: Pick<TemplateContent, 'name' | 'language'> | undefined
  readonly conversation: { readonly lastInboundAt: Date | undefined } | undefined
  readonly now: Date
}

const no = (reason: string) => ({ kind: 'refuse', reason }) as const

/** A text while the customer's window is open, else the template; nothing for what is no longer to be confirmed. */
export function planConfirmation(facts: ConfirmationFacts): Plan<Content> {
  const { message, appointment, customer, company, conversation, template, now } = facts
  if (!appointment) return no('The appointment is no longer there.')
  if (appointment.status !== 'confirmed' || !appointment.startsAt) return no(`The appointment is ${appointment.status}.`)
  if (appointment.startsAt.getTime() <= now.getTime()) return no('The appointment has begun.')
  if (!customer || customer.phoneNumber === '') return no('The customer has no phone number.')
  if (!company) return no('The company is not in the directory.')
  const about = {
    customerName: customer.name,
    title: appointment.title,
    startsAt: appointment.startsAt,
    companyName: company.name,
    timeZone: company.timeZone,
  }
  // Once the provider refused the text, only the template is left.
  if (message.kind === 'text' && conversation && takesText(conversation, now)) {
    return { kind: 'send', value: { kind: 'text', text: confirmationText(about) } }
  }
  if (!template) return no('The customer has not written within 24 hours, and the company has no confirmation template.')
  return { kind: 'send', value: { kind: 'template', template: confirmationTemplate(about, template) } }
}
