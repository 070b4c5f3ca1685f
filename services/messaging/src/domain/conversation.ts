/** Somebody who writes or is written to. */
export interface Party {
  /** E.164; empty when unknown. */
  readonly phoneNumber: string
  /** The provider's id of the person, scoped to the business (BSUID); empty when unknown. */
  readonly userId: string
  readonly name: string
}

/** By what a customer is known again, at one of the company's numbers. */
export interface Identity {
  readonly phoneNumberId: string
  readonly kind: 'phone' | 'user'
  readonly value: string
}

/** All that was written between one customer and one number of a company. */
export interface Conversation {
  /** TypeID, `conv_…`. */
  readonly id: string
  /** The provider's id of the company's number. */
  readonly phoneNumberId: string
  readonly customer: Party
  readonly lastMessageAt: Date
  /** Undefined if the customer has never written. */
  readonly lastInboundAt: Date | undefined
  readonly createdAt: Date
}

const windowMs = 24 * 60 * 60_000

/** Until when the provider takes a text (24 hours after the customer's last message); undefined if he never wrote. */
export function textAllowedUntil({ lastInboundAt }: Pick<Conversation, 'lastInboundAt'>): Date | undefined {
  return lastInboundAt && new Date(lastInboundAt.getTime() + windowMs)
}

/** Whether the provider would take a text now. */
export function takesText(conversation: Pick<Conversation, 'lastInboundAt'>, now: Date): boolean {
  const until = textAllowedUntil(conversation)
  return until !== undefined && now.getTime() < until.getTime()
}

/** The names under which the party is known at that number. */
export function identitiesOf(phoneNumberId: string, { phoneNumber, userId }: Party): Identity[] {
  const identities: Identity[] = []
  if (phoneNumber !== '') identities.push({ phoneNumberId, kind: 'phone', value: phoneNumber })
  if (userId !== '') identities.push({ phoneNumberId, kind: 'user', value: userId })
  return identities
}

/** A conversation of which nothing is written yet. */
export function openConversation(id: string, phoneNumberId: string, customer: Party, at: Date): Conversation {
  return { id, phoneNumberId, customer, lastMessageAt: at, lastInboundAt: undefined, createdAt: at }
}

/** The conversation after a message of ours. */
export function afterOutbound(conversation: Conversation, at: Date): Conversation {
  return { ...conversation, lastMessageAt: later(conversation.lastMessageAt, at) }
}

/** The conversation after the customer's message; what an older message says of him only fills what is empty. */
export function afterInbound(conversation: Conversation, party: Party, at: Date): Conversation {
  const { customer, lastInboundAt, lastMessageAt } = conversation
  const newer = !lastInboundAt || at.getTime() >= lastInboundAt.getTime()
  const pick = (known: string, told: string) => (newer ? told || known : known || told)
  return {
    ...conversation,
    customer: {
      phoneNumber: pick(customer.phoneNumber, party.phoneNumber),
      userId: pick(customer.userId, party.userId),
      name: pick(customer.name, party.name),
    },
    lastMessageAt: later(lastMessageAt, at),
    lastInboundAt: lastInboundAt ? later(lastInboundAt, at) : at,
  }
}

/** Two conversations turned out to be with one person: the older one stays. */
export function mergeConversations(a: Conversation, b: Conversation): { kept: Conversation; absorbed: Conversation } {
  const [older, absorbed] = a.id < b.id ? [a, b] : [b, a]
  const inbound = [a.lastInboundAt, b.lastInboundAt].flatMap((at) => at ?? []).toSorted((x, y) => x.getTime() - y.getTime())
  const kept: Conversation = {
    ...older,
    customer: {
      phoneNumber: older.customer.phoneNumber || absorbed.customer.phoneNumber,
      userId: older.customer.userId || absorbed.customer.userId,
      name: older.customer.name || absorbed.customer.name,
    },
    lastMessageAt: later(a.lastMessageAt, b.lastMessageAt),
    lastInboundAt: inbound.at(-1),
  }
  return { kept, absorbed }
}

function later(a: Date, b: Date): Date {
  return a.getTime() >= b.getTime() ? a : b
}
