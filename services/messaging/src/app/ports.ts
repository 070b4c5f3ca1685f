import type { CompanyId, EventId } from '@frontdesk/contracts'
import type { Page } from '@frontdesk/database'
import type { AttemptOutcome } from '../domain/attempt.ts'
import type { Conversation, Identity, Party } from '../domain/conversation.ts'
import type { Content, Message, MessageStatus } from '../domain/message.ts'
import type { Sender } from '../domain/sender.ts'

/** What a batch of mail leads to. */
export interface MailboxNames {
  readonly identities: readonly Identity[]
  readonly providerMessageIds: readonly string[]
  /** Of messages that are taken back, by the provider's id. */
  readonly withdrawn: readonly string[]
  readonly messageIds: readonly string[]
  readonly keys: readonly EventId[]
}

/** What a batch of mail is about to touch, as it stands in the database. */
export interface MailboxPage {
  readonly conversations: readonly Conversation[]
  readonly identities: readonly { readonly identity: Identity; readonly conversationId: string }[]
  readonly messages: readonly Message[]
  readonly keyed: readonly { readonly key: EventId; readonly messageId: string }[]
  /** Ids of those taken back after which something was written to the customer. */
  readonly answered: readonly string[]
}

/** What a batch of mail did. */
export interface MailboxChanges {
  /** New or changed. */
  readonly conversations: readonly Conversation[]
  /** In the order in which they were merged. */
  readonly absorbed: readonly { readonly conversationId: string; readonly into: string }[]
  readonly newIdentities: MailboxPage['identities']
  /** New or changed. */
  readonly messages: readonly Message[]
  /** Queued unless their key is there already. */
  readonly keyed: readonly { readonly key: EventId; readonly message: Message }[]
}

/** One company's conversations and messages, inside one transaction. */
export interface Mailbox {
  /** Reads and locks what the names lead to; a list that is left out is empty, here and below. */
  open(names: Partial<MailboxNames>): Promise<MailboxPage>
  /** @throws FrontdeskError `version_conflict` when somebody else made the same at the same time; try again. */
  save(changes: Partial<MailboxChanges>): Promise<void>
}

/** To whom something new is queued. */
export type Target = { readonly conversationId: string } | { readonly phoneNumberId: string; readonly phoneNumber: string }

/** What a caller asks to be sent, once for its key. */
export interface QueueRequest {
  readonly target: Target
  readonly key: EventId
  /** Decides on the conversation as it is, undefined where there is none; its throw queues nothing. */
  readonly decide: (conversation: Conversation | undefined) => { readonly conversation: Conversation; readonly message: Message }
}

export interface Queued {
  readonly message: Message
  readonly isNew: boolean
  /** Whether the message goes to the target that was asked for. */
  readonly isSameTarget: boolean
}

/** Where one company's messages wait for the sender. */
export interface OutgoingMessages {
  /** The message of that key, the one that is there already or the one that is queued now. */
  queue(request: QueueRequest): Promise<Queued>
  /** Changes one message as it stands now; undefined if there is none of that id. */
  change(messageId: string, change: (message: Message) => Message): Promise<Message | undefined>
}

/** A message that the sender has for a while, with whose it is. */
export interface LeasedMessage {
  readonly companyId: CompanyId
  readonly message: Message
}

/** To whom a message goes. Without a conversation it is that of the party's number, which may have to be opened. */
export interface Addressee {
  readonly phoneNumberId: string
  readonly party: Party
  readonly conversationId: string | undefined
}

/** What the sender takes from and gives back to; each step is a commit of its own, and the next one's ground. */
export interface SendQueue {
  /** Messages of all companies that are due, at most so many, which no other replica is given for the time. */
  lease(limit: number): Promise<LeasedMessage[]>
  /** Commits `sending`, in the name of this replica alone: undefined if it is no longer queued as it was leased. */
  begin(leased: LeasedMessage, addressee: Addressee, content: Content): Promise<Message | undefined>
  /** Commits what became of the attempt, with the event that the provider took it. */
  settle(companyId: CompanyId, messageId: string, outcome: AttemptOutcome): Promise<Message | undefined>
  /** Commits that a leased message is not sent: for good, or for now. */
  putBack(leased: LeasedMessage, outcome: Extract<AttemptOutcome, { kind: 'refused' | 'later' }>): Promise<void>
  /** Marks those whose outcome has not come in time; which. */
  unconfirm(): Promise<{ readonly companyId: CompanyId; readonly messageId: string }[]>
}

/** WhatsApp's API; never throws, since what is not known is an outcome too. */
export interface Channel {
  /** False while the provider fails so often that a call would be refused here. */
  readonly isOpen: boolean
  send(message: OutgoingMessage): Promise<AttemptOutcome>
}

/** One call to the provider. */
export interface OutgoingMessage {
  readonly phoneNumberId: string
  readonly to: Pick<Party, 'phoneNumber' | 'userId'>
  readonly content: Content
  /** Comes back with each status. */
  readonly reference: string
}

/** Booking's answers; undefined where it has no such thing. @throws FrontdeskError if it can't be asked. */
export interface Appointments {
  find(companyId: CompanyId, appointmentId: string): Promise<AppointmentFacts | undefined>
  findCustomer(companyId: CompanyId, customerId: string): Promise<{ readonly name: string; readonly phoneNumber: string } | undefined>
}

export interface AppointmentFacts {
  readonly status: 'requested' | 'confirmed' | 'cancelled' | 'unknown'
  readonly customerId: string
  readonly title: string
  readonly startsAt: Date | undefined
}

/** The directory's answer. @throws FrontdeskError if it can't be asked. */
export interface Companies {
  find(companyId: CompanyId): Promise<{ readonly name: string; readonly timeZone: string } | undefined>
}

/** Billing's answer: why the company may not send, undefined if it may. @throws FrontdeskError if it can't be asked. */
export interface Entitlements {
  refusalOf(companyId: CompanyId): Promise<string | undefined>
}

/** The numbers from which companies write. */
export interface Senders {
  get(companyId: CompanyId): Promise<Sender | undefined>
  /** @throws FrontdeskError `already_exists` if the number is another company's. */
  put(companyId: CompanyId, sender: Sender): Promise<void>
}

/** Where in a list, and how much of it. */
export interface PageQuery {
  readonly limit: number
  readonly pageToken: string
}

/** What to list; each undefined field matches all. */
export interface MessageQuery extends PageQuery {
  readonly conversationId?: string | undefined
  readonly status?: MessageStatus | undefined
  readonly appointmentId?: string | undefined
  readonly providerMessageId?: string | undefined
  /** Only those that a person has to look at. */
  readonly flagged?: boolean | undefined
}

/** Reads one company's conversations. */
export interface ConversationReader {
  get(conversationId: string): Promise<Conversation | undefined>
  find(identity: Identity): Promise<Conversation | undefined>
  /** The one with the latest message first. */
  list(query: PageQuery): Promise<Page<Conversation>>
}

/** Reads one company's messages. */
export interface MessageReader {
  get(messageId: string): Promise<Message | undefined>
  /** The latest first. */
  list(query: MessageQuery): Promise<Page<Message>>
}
