import type { CompanyId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import type { AttemptOutcome } from '../domain/attempt.ts'
import { takesText } from '../domain/conversation.ts'
import { type Content, contentOf, type Message } from '../domain/message.ts'
import { type Plan, planConfirmation } from '../domain/plan-confirmation.ts'
import type {
  Addressee,
  Appointments,
  Channel,
  Companies,
  ConversationReader,
  Entitlements,
  LeasedMessage,
  Senders,
  SendQueue,
} from './ports.ts'

export interface DeliverMessageDependencies {
  readonly queue: SendQueue
  readonly channel: Channel
  readonly conversations: (companyId: CompanyId) => ConversationReader
  readonly senders: Senders
  readonly appointments: Appointments
  readonly companies: Companies
  readonly entitlements: Entitlements
  /** Waits for the number's turn: the provider takes so many a second from each. */
  readonly turnOf: (phoneNumberId: string) => Promise<void>
  readonly now: () => Date
  /** Told of what stays `sending`, since our own commit of its outcome failed. */
  readonly onNotSettled: (error: unknown, message: Message) => void
}

/** What became of one leased message. */
export type Delivery = AttemptOutcome | { readonly kind: 'lost_claim' }

interface Ready {
  readonly addressee: Addressee
  readonly content: Content
}

const refused = (reason: string) => ({ kind: 'refuse', reason }) as const

/**
 * Sends one leased message with exactly one call: what is asked of others comes before `sending` is committed, and after
 * that commit nothing but the provider's answer, or a status that carries our reference, moves the message on.
 */
export function deliverMessage(deps: DeliverMessageDependencies): (leased: LeasedMessage) => Promise<Delivery> {
  const { queue, channel, turnOf } = deps
  const prepare = prepareMessage(deps)

  async function putBack(leased: LeasedMessage, outcome: Extract<AttemptOutcome, { kind: 'refused' | 'later' }>): Promise<Delivery> {
    await queue.putBack(leased, outcome)
    return outcome
  }

  /** What could not be asked or committed passes by itself. */
  function later(error: unknown) {
    const reason = isFrontdeskError(error) ? error.publicMessage : 'Something went wrong on our side.'
    return { kind: 'later', reason, retryAfterMs: 0 } as const
  }

  return async (leased) => {
    let ready: Ready
    let begun: Message | undefined
    try {
      const plan = await prepare(leased)
      if (plan.kind === 'refuse') return await putBack(leased, { kind: 'refused', reason: plan.reason })
      ready = plan.value
      await turnOf(ready.addressee.phoneNumberId)
      if (!channel.isOpen)
        return await putBack(leased, { kind: 'later', reason: 'WhatsApp can not be reached at the moment.', retryAfterMs: 0 })
      begun = await queue.begin(leased, ready.addressee, ready.content)
    } catch (error) {
      // Should the commit of `sending` have come through all the same, this changes nothing: it is no longer queued.
      return putBack(leased, later(error))
    }
    if (!begun) return { kind: 'lost_claim' }

    const { addressee, content } = ready
    const outcome = await channel.send({ phoneNumberId: addressee.phoneNumberId, to: addressee.party, content, reference: begun.id })
    try {
      await queue.settle(leased.companyId, begun.id, outcome)
    } catch (error) {
      deps.onNotSettled(error, begun)
    }
    return outcome
  }
}

function prepareMessage(deps: DeliverMessageDependencies) {
  const { senders, appointments, companies, entitlements, now } = deps

  async function prepareReply(companyId: CompanyId, message: Message): Promise<Plan<Ready>> {
    const content = contentOf(message)
    const conversation = await deps.conversations(companyId).get(message.conversationId ?? '')
    if (!content || !conversation) return refused('The conversation is no longer there.')
    if (content.kind === 'text' && !takesText(conversation, now())) return refused('The customer has not written within 24 hours.')
    const { id: conversationId, phoneNumberId, customer: party } = conversation
    return { kind: 'send', value: { addressee: { conversationId, phoneNumberId, party }, content } }
  }

  async function prepareConfirmation(companyId: CompanyId, message: Message): Promise<Plan<Ready>> {
    const sender = await senders.get(companyId)
    if (!sender) return refused('The company has no number to write from.')
    const appointment = await appointments.find(companyId, message.appointmentId ?? '')
    const [customer, company] = await Promise.all([
      appointment?.customerId ? appointments.findCustomer(companyId, appointment.customerId) : undefined,
      companies.find(companyId),
    ])
    const { phoneNumberId, confirmationTemplate: template } = sender
    const phoneNumber = customer?.phoneNumber ?? ''
    const conversation =
      phoneNumber === '' ? undefined : await deps.conversations(companyId).find({ phoneNumberId, kind: 'phone', value: phoneNumber })
    const plan = planConfirmation({ message, appointment, customer, company, template, conversation, now: now() })
    if (plan.kind === 'refuse') return plan
    const party = { phoneNumber, userId: '', name: customer?.name ?? '' }
    return { kind: 'send', value: { addressee: { conversationId: undefined, phoneNumberId, party }, content: plan.value } }
  }

  return async ({ companyId, message }: LeasedMessage): Promise<Plan<Ready>> => {
    const refusal = await entitlements.refusalOf(companyId)
    if (refusal !== undefined) return refused(refusal)
    return message.purpose === 'appointment_confirmation' ? prepareConfirmation(companyId, message) : prepareReply(companyId, message)
  }
}
