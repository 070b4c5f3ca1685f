/** What a message can come to; the order is that of a life that goes well. */
export const messageStatuses = ['sent', 'delivered', 'read', 'failed'] as const
export type MessageStatus = (typeof messageStatuses)[number]

/** A message that we were asked to send. */
export interface SentMessage {
  readonly id: string
  readonly phoneNumberId: string
  /** The number in digits, or the user's id where the message is for one. */
  readonly to: string
  readonly type: 'text' | 'template'
  readonly text: string | null
  readonly template: object | null
  /** `biz_opaque_callback_data` */
  readonly reference: string | null
  readonly statuses: readonly MessageStatus[]
}

/** A message template that Meta has approved. */
export interface Template {
  readonly name: string
  readonly language: string
  readonly parameterCount: number
}

/** Everything that WhatsApp remembers. */
export interface WhatsappState {
  readonly messages: Map<string, SentMessage>
  /** By name and language; while there are none, every template exists. */
  readonly templates: Map<string, Template>
  /** When a user last wrote to a number, in ms, by `windowKey`. */
  readonly windows: Map<string, number>
  /** The business account of a number. */
  readonly accounts: Map<string, string>
}

export function emptyState(): WhatsappState {
  return { messages: new Map(), templates: new Map(), windows: new Map(), accounts: new Map() }
}

export const templateKey = (name: string, language: string): string => `${name} ${language}`
export const windowKey = (phoneNumberId: string, user: string): string => `${phoneNumberId} ${user}`

/** `+1 (650) 555-1234` → `16505551234` */
export const digitsOf = (number: string): string => number.replaceAll(/\D/g, '')

/** The message after a status, which it has once. */
export function withStatus(message: SentMessage, status: MessageStatus): SentMessage {
  return message.statuses.includes(status) ? message : { ...message, statuses: [...message.statuses, status] }
}
