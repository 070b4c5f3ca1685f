import type { CompanyId } from '@frontdesk/contracts'

/** Where in a list, and how much of it; the token is empty for the beginning. */
export interface DeskPageQuery {
  readonly limit: number
  readonly pageToken: string
}

/** A page of a list; the token is empty on the last one. */
export interface DeskPage<Item> {
  readonly items: readonly Item[]
  readonly nextPageToken: string
}

/** A conversation, as the tools show it. */
export interface DeskConversation {
  readonly id: string
  readonly customer: { readonly phoneNumber: string; readonly name: string }
  readonly lastMessageAt: Date
  /** Undefined if the customer has never written. */
  readonly lastInboundAt: Date | undefined
}

/** A template with what fills it. */
export interface DeskTemplate {
  readonly name: string
  readonly language: string
  readonly parameters: readonly string[]
}

/** A message, as the tools show it. */
export interface DeskMessage {
  readonly id: string
  readonly conversationId: string | undefined
  readonly direction: 'inbound' | 'outbound'
  readonly kind: string
  readonly text: string
  readonly template: DeskTemplate | undefined
  readonly status: string
  readonly failureReason: string
  readonly createdAt: Date
}

/** What the tools need of one company's messaging; its errors are FrontdeskErrors. */
export interface Desk {
  /** The one with the latest message first. */
  listConversations(query: DeskPageQuery): Promise<DeskPage<DeskConversation>>
  /** With its messages, the latest first. @throws FrontdeskError `not_found`. */
  getConversation(
    conversationId: string,
    query: DeskPageQuery,
  ): Promise<{ readonly conversation: DeskConversation; readonly messages: DeskPage<DeskMessage> }>
  /** The same key sends once, and is answered with the same message. */
  sendMessage(command: { readonly conversationId: string; readonly text: string; readonly idempotencyKey: string }): Promise<DeskMessage>
  sendTemplate(command: {
    readonly recipient: { readonly conversationId: string } | { readonly phoneNumber: string }
    readonly template: DeskTemplate
    readonly idempotencyKey: string
  }): Promise<DeskMessage>
}

/** Opens a company's desk; only a vouched-for id does. */
export type OpenDesk = (companyId: CompanyId) => Desk
