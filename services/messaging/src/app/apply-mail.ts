import type { EventId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import {
  afterInbound,
  type Conversation,
  identitiesOf,
  type Identity,
  mergeConversations,
  openConversation,
  type Party,
} from '../domain/conversation.ts'
import { reconsider } from '../domain/attempt.ts'
import { applyReport, type StatusReport } from '../domain/message-status.ts'
import type { Message } from '../domain/message.ts'
import type { Mailbox, MailboxPage } from './ports.ts'

/** One thing that an event tells a company's mailbox. */
export type Mail =
  | { readonly kind: 'inbound'; readonly phoneNumberId: string; readonly sender: Party; readonly message: Message }
  | { readonly kind: 'status'; readonly reference: string; readonly report: StatusReport; readonly isRecent: boolean }
  | { readonly kind: 'withdrawn'; readonly providerMessageId: string; readonly eventId: string; readonly at: Date }
  | { readonly kind: 'confirmation'; readonly key: EventId; readonly message: Message }

/** What one piece of mail led to: the message that the provider turned out to have taken, or a report on none of ours. */
export interface MailOutcome {
  readonly taken?: Message
  readonly unmatched?: true
  /** It was answered, so that a person has to look. */
  readonly flagged?: true
}

/** Applies one company's mail in its order, with one read and one write for all; one outcome for each. */
export function applyMail(deps: { readonly mailbox: Mailbox; readonly newConversationId: () => string }) {
  return async (mail: readonly Mail[]): Promise<MailOutcome[]> => {
    const page = await deps.mailbox.open(namesOf(mail))
    const session = openSession(page, deps.newConversationId)
    const outcomes = mail.map((item) => session.apply(item))
    await deps.mailbox.save(session.changes())
    return outcomes
  }
}

function namesOf(mail: readonly Mail[]) {
  const inbound = mail.flatMap((item) => (item.kind === 'inbound' ? [item] : []))
  const withdrawn = mail.flatMap((item) => (item.kind === 'withdrawn' ? [item.providerMessageId] : []))
  const reports = mail.flatMap((item) => (item.kind === 'status' ? [item] : []))
  return {
    identities: inbound.flatMap(({ phoneNumberId, sender }) => identitiesOf(phoneNumberId, sender)),
    providerMessageIds: [
      ...inbound.flatMap(({ message }) => message.providerMessageId ?? []),
      ...reports.map(({ report }) => report.providerMessageId),
    ],
    withdrawn,
    messageIds: reports.flatMap(({ reference }) => (reference === '' ? [] : [reference])),
    keys: mail.flatMap((item) => (item.kind === 'confirmation' ? [item.key] : [])),
  }
}

const keyOf = ({ phoneNumberId, kind, value }: Identity) => `${phoneNumberId} ${kind} ${value}`

function openSession(page: MailboxPage, newConversationId: () => string) {
  const conversations = new Map(page.conversations.map((conversation) => [conversation.id, conversation]))
  const identities = new Map(page.identities.map(({ identity, conversationId }) => [keyOf(identity), conversationId]))
  const messages = new Map(page.messages.map((message) => [message.id, message]))
  const byProviderId = new Map(page.messages.flatMap(({ providerMessageId, id }) => (providerMessageId ? [[providerMessageId, id]] : [])))

  const byKey = new Map(page.keyed.map(({ key, messageId }) => [key, messageId]))

  const answered = new Set(page.answered)

  const changedConversations = new Set<string>()
  const changedMessages = new Set<string>()
  const absorbed: { conversationId: string; into: string }[] = []
  const newIdentities = new Map<string, Identity>()
  const keyed = new Map<EventId, Message>()

  function keepMessage(message: Message): void {
    messages.set(message.id, message)
    if (message.providerMessageId) byProviderId.set(message.providerMessageId, message.id)
    changedMessages.add(message.id)
  }

  /** The conversations that the names lead to are one; more than one only where their link arrived late. */
  function findAndMerge(names: readonly Identity[]): Conversation | undefined {
    const found = new Set(names.flatMap((name) => identities.get(keyOf(name)) ?? []))
    let current: Conversation | undefined
    for (const id of found) {
      const next = conversations.get(id)
      if (!next || !current) {
        current ??= next
        continue
      }
      const merge = mergeConversations(current, next)
      absorb(merge.absorbed.id, merge.kept.id)
      current = merge.kept
      conversations.set(current.id, current)
    }
    return current
  }

  function absorb(absorbedId: string, keptId: string): void {
    conversations.delete(absorbedId)
    changedConversations.delete(absorbedId)
    absorbed.push({ conversationId: absorbedId, into: keptId })
    for (const [key, id] of identities) if (id === absorbedId) identities.set(key, keptId)
    for (const message of messages.values()) {
      if (message.conversationId === absorbedId) messages.set(message.id, { ...message, conversationId: keptId })
    }
  }

  function receive({ phoneNumberId, sender, message }: Extract<Mail, { kind: 'inbound' }>): MailOutcome {
    const before = messages.get(byProviderId.get(message.providerMessageId ?? '') ?? '')
    // A raised revision amends what the earlier one read; the provider's id of a message of ours is nobody's else.
    if (before) {
      if (before.direction === 'inbound') keepMessage({ ...before, kind: message.kind, text: message.text, flaggedAt: undefined })
      return {}
    }
    const names = identitiesOf(phoneNumberId, sender)
    const at = message.createdAt
    const known = findAndMerge(names) ?? openConversation(newConversationId(), phoneNumberId, sender, at)
    const conversation = afterInbound(known, sender, at)
    conversations.set(conversation.id, conversation)
    changedConversations.add(conversation.id)
    for (const name of names) {
      if (identities.has(keyOf(name))) continue
      identities.set(keyOf(name), conversation.id)
      newIdentities.set(keyOf(name), name)
    }
    keepMessage({ ...message, conversationId: conversation.id })
    return {}
  }

  /**
   * A message of ours is committed before the provider can know of it, and the provider gives our reference back: a report
   * that leads to none is about what somebody else sent from that number. Only one without a reference may have overtaken our
   * own commit of the provider's id, and comes again for a while.
   */
  function report({ reference, report: told, isRecent }: Extract<Mail, { kind: 'status' }>): MailOutcome {
    const before = messages.get(byProviderId.get(told.providerMessageId) ?? '') ?? messages.get(reference)
    if (!before) {
      if (reference === '' && isRecent) {
        throw new FrontdeskError('unavailable', { publicMessage: 'No message of that id is known yet.', retryAfterMs: 2_000 })
      }
      return { unmatched: true }
    }
    const { message, taken } = applyReport(before, told)
    if (message !== before) keepMessage(message)
    return taken ? { taken: message } : {}
  }

  /** What somebody wrote to another company is not for this one to read; that there was a message, and what was answered, stays. */
  function takeBack({ providerMessageId, eventId, at }: Extract<Mail, { kind: 'withdrawn' }>): MailOutcome {
    const before = messages.get(byProviderId.get(providerMessageId) ?? '')
    if (before?.direction !== 'inbound' || before.causationId !== eventId) return { unmatched: true }
    const flaggedAt = before.flaggedAt ?? (answered.has(before.id) ? at : undefined)
    keepMessage({ ...before, kind: 'withdrawn', text: '', flaggedAt })
    return flaggedAt ? { flagged: true } : {}
  }

  /** What waits or was handed over is the appointment's one confirmation; one that was refused unsent is looked at again. */
  function confirm({ key, message }: Extract<Mail, { kind: 'confirmation' }>): MailOutcome {
    const before = messages.get(byKey.get(key) ?? '')
    if (!before) {
      if (!keyed.has(key)) keyed.set(key, message)
      return {}
    }
    const again = reconsider(before, message.queuedAt)
    if (again !== before) keepMessage(again)
    return {}
  }

  return {
    apply(mail: Mail): MailOutcome {
      switch (mail.kind) {
        case 'inbound':
          return receive(mail)
        case 'status':
          return report(mail)
        case 'withdrawn':
          return takeBack(mail)
        case 'confirmation':
          return confirm(mail)
        default:
          return mail satisfies never
      }
    },
    changes: () => ({
      conversations: [...changedConversations].flatMap((id) => conversations.get(id) ?? []),
      absorbed,
      newIdentities: [...newIdentities].map(([key, identity]) => ({ identity, conversationId: identities.get(key) ?? '' })),
      messages: [...changedMessages].flatMap((id) => messages.get(id) ?? []),
      keyed: [...keyed].map(([key, message]) => ({ key, message })),
    }),
  }
}
