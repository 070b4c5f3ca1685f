import type { ReceivedEvent } from '@frontdesk/bus'
import { type CompanyId, newId } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import { companyOf, type NewEvent, readPayload } from '@frontdesk/outbox'
import { applyChanges } from '../app/apply-changes.ts'
import type { Book, Change } from '../app/ports.ts'
import { onBookingCancelled, onBookingCreated, onBookingRescheduled } from './calendar-booking.ts'
import { onCallAnalyzed } from './call-analyzed.ts'
import { toNewEvents } from './domain-events.ts'

/** One event's change, with the company that it was attributed to. */
interface Attributed {
  readonly event: ReceivedEvent
  readonly companyId: CompanyId
  readonly change: Change
}

/** Turns a batch of companies' events into appointments: one read and one write for each company in it. */
export function onCompanyEvents(openBook: (tx: Transaction, companyId: CompanyId) => Book) {
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
    return told
  }
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
