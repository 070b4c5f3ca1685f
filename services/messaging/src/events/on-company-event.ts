import type { ReceivedEvent } from '@frontdesk/bus'
import { type CompanyId, type EventType, isEventType, messagingEventTypes, newId, parseEventId } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import { companyOf, type NewEvent, readPayload, type SkippedRevisions } from '@frontdesk/outbox'
import { applyMail, type Mail } from '../app/apply-mail.ts'
import type { Mailbox } from '../app/ports.ts'
import { onAppointmentConfirmed } from './appointment-confirmed.ts'
import { onEventWithdrawn } from './event-withdrawn.ts'
import { messageSent } from './message-sent.ts'
import { onMessageReceived } from './message-received.ts'
import { onMessageStatusChanged } from './message-status-changed.ts'

const handled: ReadonlySet<EventType> = new Set(messagingEventTypes)

/** One event's mail, with the company that it was attributed to. */
interface Attributed {
  readonly event: ReceivedEvent
  readonly companyId: CompanyId
  readonly mail: Mail
}

export interface CompanyEventDependencies {
  readonly openMailbox: (tx: Transaction, companyId: CompanyId) => Mailbox
  /** Called after a commit that queued something. */
  readonly onQueued: () => void
  /** Lets no revision of a withdrawn event in that has not come yet. */
  readonly skip: (tx: Transaction, skipped: Omit<SkippedRevisions, 'handler'>) => Promise<void>
  readonly count: (what: 'received' | 'queued' | 'reported' | 'unmatched' | 'withdrawn' | 'flagged') => void
  readonly now: () => Date
}

/** Puts a batch of companies' events into their mailboxes: one read and one write for each company in it. */
export function onCompanyEvents({ openMailbox, onQueued, count, skip, now }: CompanyEventDependencies) {
  async function skipWithdrawn(tx: Transaction, event: ReceivedEvent): Promise<void> {
    const { type } = event.envelope
    if (type !== 'frontdesk.event.withdrawn.v1') return
    const { beforeRevision, eventType, ...taken } = readPayload(type, event.body)
    const eventId = parseEventId(taken.eventId)
    if (eventId && isEventType(eventType) && handled.has(eventType))
      await skip(tx, { eventId, beforeRevision, eventType, companyId: companyOf(event) })
  }

  return async (tx: Transaction, events: readonly ReceivedEvent[]): Promise<NewEvent[]> => {
    for (const event of events) await skipWithdrawn(tx, event)
    const byCompany = Map.groupBy(
      // What is taken back last, so that a message which came with its own withdrawal is taken back too.
      events
        .flatMap((event) => attributed(event, now()))
        .toSorted((a, b) => Number(a.mail.kind === 'withdrawn') - Number(b.mail.kind === 'withdrawn')),
      ({ companyId }) => companyId,
    )
    const told: NewEvent[] = []
    // One connection carries the transaction, so companies can only go one after the other.
    for (const [companyId, ofCompany] of byCompany) {
      const apply = applyMail({ mailbox: openMailbox(tx, companyId), newConversationId: () => newId('conv') })
      const outcomes = await apply(ofCompany.map(({ mail }) => mail))
      for (const [index, { taken, unmatched, flagged }] of outcomes.entries()) {
        const source = ofCompany[index]
        if (!source) continue
        if (taken) told.push(messageSent(companyId, taken, source.event.envelope.id))
        tx.afterCommit(() => count(unmatched ? 'unmatched' : flagged ? 'flagged' : countedAs[source.mail.kind]))
      }
      if (ofCompany.some(({ mail }) => mail.kind === 'confirmation')) tx.afterCommit(onQueued)
    }
    return told
  }
}

const countedAs = { inbound: 'received', status: 'reported', confirmation: 'queued', withdrawn: 'withdrawn' } as const

function attributed(event: ReceivedEvent, now: Date): Attributed[] {
  const companyId = companyOf(event)
  const mail = mailOf(event, companyId, now)
  return mail ? [{ event, companyId, mail }] : []
}

function mailOf({ envelope, body }: ReceivedEvent, companyId: CompanyId, now: Date): Mail | undefined {
  const { type } = envelope
  switch (type) {
    case 'frontdesk.message.received.v1':
      return onMessageReceived(readPayload(type, body), envelope)
    case 'frontdesk.message.status_changed.v1':
      return onMessageStatusChanged(readPayload(type, body), now)
    case 'frontdesk.event.withdrawn.v1':
      return onEventWithdrawn(readPayload(type, body), now)
    case 'frontdesk.appointment.confirmed.v1':
      return onAppointmentConfirmed(readPayload(type, body), companyId, envelope, now)
    default:
      return undefined
  }
}
