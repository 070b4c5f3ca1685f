import type { ReceivedEvent } from '@frontdesk/bus'
import { type CompanyId, isEventType, newId, parseEventId } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import { companyOf, type NewEvent, readPayload, type SkippedRevisions } from '@frontdesk/outbox'
import { applyChanges } from '../app/apply-changes.ts'
import type { Book, Change } from '../app/ports.ts'
import { type Withdrawal, withdrawEvents } from '../app/withdraw-events.ts'
import type { WithdrawalOutcome } from '../domain/withdraw.ts'
import { onBookingCancelled, onBookingCreated, onBookingRescheduled } from './calendar-booking.ts'
import { onCallAnalyzed } from './call-analyzed.ts'
import { toNewEvents } from './domain-events.ts'
import { onEventWithdrawn } from './event-withdrawn.ts'

/** One event's change, with the company that it was attributed to. */
interface Attributed {
  readonly event: ReceivedEvent
  readonly companyId: CompanyId
  readonly change: Change
}

export interface CompanyEventDependencies {
  readonly openBook: (tx: Transaction, companyId: CompanyId) => Book
  /** Lets no revision of a withdrawn event in that has not come yet. */
  readonly skip: (tx: Transaction, skipped: Omit<SkippedRevisions, 'handler'>) => Promise<void>
  readonly report: WithdrawalReport
}

/** What came of a withdrawn event. */
export type WithdrawalReport = (outcome: WithdrawalOutcome['kind'], event: { companyId: CompanyId; appointmentId: string }) => void

/** Turns a batch of companies' events into appointments: one read and one write for each company in it. */
export function onCompanyEvents({ openBook, skip, report }: CompanyEventDependencies) {
  return async (tx: Transaction, events: readonly ReceivedEvent[]): Promise<NewEvent[]> => {
    const byCompany = Map.groupBy(events.flatMap(attributed), ({ companyId }) => companyId)
    const told: NewEvent[] = []
    // One connection carries the transaction, so companies can only go one after the other.
    for (const [companyId, ofCompany] of byCompany) {
      const apply = applyChanges({
        book: openBook(tx, companyId),
        newAppointmentId: () => newId('apt'),
        newCustomerId: () => newId('cust'),
      })
      const outcomes = await apply(ofCompany.map(({ change }) => change))
      outcomes.forEach((outcome, index) => {
        const source = ofCompany[index]
        if (source) told.push(...toNewEvents(outcome, causeOf(source)))
      })
    }
    // Last, so that an event which came with its own withdrawal is taken back too.
    told.push(...(await takeBack(tx, events)))
    return told
  }

  async function takeBack(tx: Transaction, events: readonly ReceivedEvent[]): Promise<NewEvent[]> {
    const told: NewEvent[] = []
    for (const [companyId, ofCompany] of Map.groupBy(events.flatMap(withdrawn), (one) => one.companyId)) {
      for (const { skipped } of ofCompany) await skip(tx, skipped)
      const outcomes = await withdrawEvents(openBook(tx, companyId))(ofCompany.map(({ withdrawal }) => withdrawal))
      outcomes.forEach((outcome, index) => {
        const source = ofCompany[index]
        if (!source || outcome.kind === 'nothing') return
        tx.afterCommit(() => report(outcome.kind, { companyId, appointmentId: outcome.appointment.id }))
        const { id: eventId, revision, correlationId, time: at } = source.event.envelope
        const cause = { companyId, eventId, revision, correlationId, at }
        if (outcome.kind === 'withdrawn') told.push(...toNewEvents({ customer: undefined, appointments: [outcome.event] }, cause))
      })
    }
    return told
  }
}

interface Withdrawn {
  readonly event: ReceivedEvent
  readonly companyId: CompanyId
  readonly withdrawal: Withdrawal
  readonly skipped: Omit<SkippedRevisions, 'handler'>
}

function withdrawn(event: ReceivedEvent): Withdrawn[] {
  const { type, time } = event.envelope
  if (type !== 'frontdesk.event.withdrawn.v1') return []
  const payload = readPayload(type, event.body)
  const withdrawal = onEventWithdrawn(payload, time)
  const eventId = parseEventId(payload.eventId)
  if (!withdrawal || !eventId || !isEventType(payload.eventType)) return []
  const companyId = companyOf(event)
  const { beforeRevision, eventType } = payload
  return [{ event, companyId, withdrawal, skipped: { eventId, beforeRevision, eventType, companyId } }]
}

function attributed(event: ReceivedEvent): Attributed[] {
  const companyId = companyOf(event)
  const change = changeOf(event)
  return change ? [{ event, companyId, change }] : []
}

function changeOf({ envelope: { type, revision }, body }: ReceivedEvent): Change | undefined {
  switch (type) {
    case 'frontdesk.call.analyzed.v1':
      return onCallAnalyzed(readPayload(type, body), revision)
    case 'frontdesk.calendar_booking.created.v1':
      return onBookingCreated(readPayload(type, body), revision)
    case 'frontdesk.calendar_booking.rescheduled.v1':
      return onBookingRescheduled(readPayload(type, body), revision)
    case 'frontdesk.calendar_booking.cancelled.v1':
      return onBookingCancelled(readPayload(type, body), revision)
    default:
      return undefined
  }
}

function causeOf({ event: { envelope }, companyId, change }: Attributed) {
  return {
    companyId,
    eventId: envelope.id,
    revision: envelope.revision,
    correlationId: envelope.correlationId,
    at: change.order.occurredAt,
  }
}
