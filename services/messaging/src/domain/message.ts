/** Where a message of ours stands; an inbound one is `received` for good. */
export type OutboundStatus = 'queued' | 'sending' | 'unconfirmed' | 'sent' | 'failed' | 'delivered' | 'read'
export type MessageStatus = 'received' | OutboundStatus

/** An approved template with what fills it. */
export interface TemplateContent {
  readonly name: string
  readonly language: string
  readonly parameters: readonly string[]
}

/** What a message of ours was made for. */
export type Purpose = 'reply' | 'appointment_confirmation'

/** One message, in or out. */
export interface Message {
  /** TypeID, `msg_…`; outbound, the provider is given it as its reference. */
  readonly id: string
  /** Undefined while nobody has decided to whom it goes: a confirmation, until it is sent. */
  readonly conversationId: string | undefined
  readonly direction: 'inbound' | 'outbound'
  /** `text` or `template` of an outbound one, else as the provider names it. */
  readonly kind: string
  readonly text: string
  readonly template: TemplateContent | undefined
  readonly status: MessageStatus
  readonly statusAt: Date
  readonly providerMessageId: string | undefined
  readonly purpose: Purpose | undefined
  readonly appointmentId: string | undefined
  readonly failureReason: string
  /** How often it was handed to the provider. */
  readonly attempts: number
  /** Since when it waits to be sent; a resend sets it anew. */
  readonly queuedAt: Date
  /** Of a queued one: when to try. Of one that is sending: when to stop waiting for its outcome. */
  readonly dueAt: Date | undefined
  /** When we first learned that the provider took it: it is told once. */
  readonly takenAt: Date | undefined
  /** Since when a person has to look at it: it was another company's to read, and this one has answered. */
  readonly flaggedAt?: Date | undefined
  readonly correlationId: string
  readonly causationId: string | undefined
  /** When it was queued, or when the customer sent it. */
  readonly createdAt: Date
}

/** The text of a message, or its template. */
export type Content = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'template'; readonly template: TemplateContent }

/** What a new message of ours starts from. */
export interface NewOutbound {
  readonly id: string
  readonly conversationId: string | undefined
  readonly content: Content
  readonly purpose: Purpose
  readonly appointmentId: string | undefined
  readonly correlationId: string
  readonly causationId: string | undefined
}

/** A message that waits for the sender. */
export function queueOutbound({ content, ...given }: NewOutbound, now: Date): Message {
  return {
    ...given,
    direction: 'outbound',
    kind: content.kind,
    text: content.kind === 'text' ? content.text : '',
    template: content.kind === 'template' ? content.template : undefined,
    status: 'queued',
    statusAt: now,
    providerMessageId: undefined,
    failureReason: '',
    attempts: 0,
    queuedAt: now,
    dueAt: now,
    takenAt: undefined,
    createdAt: now,
  }
}

/** What an outbound message says; undefined for a confirmation whose text nobody has decided yet. */
export function contentOf({ kind, text, template }: Message): Content | undefined {
  if (kind === 'template') return template && { kind, template }
  return text === '' ? undefined : { kind: 'text', text }
}
