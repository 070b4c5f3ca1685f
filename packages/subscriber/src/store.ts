import type { ReceivedEvent } from '@frontdesk/bus'

/** What makes an event one that was handled already. */
export interface InboxKey {
  /** 64 hex digits. */
  readonly id: string
  readonly revision: number
  readonly type: string
  readonly companyId: string | undefined
  /** How often the broker has delivered it. */
  readonly attempts: number
}

/** An event that its handler has given up, or a message that is no event. */
export interface DeadLetter extends InboxKey {
  /** Headers and subject, as JSON. */
  readonly envelope: string
  readonly payload: Uint8Array
  /** Why, for a person. */
  readonly error: string
}

/** The newest place of a lane in its stream that was seen whole. */
export interface Anchor {
  readonly sequence: string
  readonly eventId: string
  readonly storedAt: string
  /** When nothing waited for us the last time; undefined if never. */
  readonly caughtUpAt: string | undefined
}

/** The two ways by which events come: as they happen, and published again or in masses. */
export type Lane = 'live' | 'bulk'

/** Where a subscriber keeps what it has handled; `Tx` is what its handler writes with. */
export interface SubscriberStore<Tx> {
  /**
   * In one transaction: records the keys under the inbox's name, runs the effect with those that were not there, commits.
   * Nothing is recorded if the effect throws; its error is passed on.
   */
  once<Event extends InboxKey>(
    inbox: string,
    events: readonly Event[],
    effect: (tx: Tx, fresh: readonly Event[]) => Promise<void>,
  ): Promise<void>
  /** Records dead letters, so that their events count as handled; one that is there already stays as it is. */
  bury(inbox: string, letters: readonly DeadLetter[]): Promise<void>
  readAnchor(inbox: string, lane: Lane): Promise<Anchor | undefined>
  saveAnchor(inbox: string, lane: Lane, anchor: Anchor): Promise<void>
}

/** The key by which a delivered event is told from others. */
export function inboxKeyOf({ envelope, deliveryCount }: ReceivedEvent): InboxKey {
  const { id, revision, type, companyId } = envelope
  return { id, revision, type, companyId, attempts: deliveryCount }
}
