import type { ReceivedEvent } from '@frontdesk/bus'
import { type CompanyId, decodePayload, type EventType, newId, type PayloadOf } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import type { NewEvent } from '@frontdesk/outbox'
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
  const { companyId } = event.envelope
  if (!companyId) throw new FrontdeskError('invalid_argument', { publicMessage: 'An event of a company names no company.' })
  const change = changeOf(event)
  return change ? [{ event, companyId, change }] : []
}

/** A body that can't be read now can't be read later: retrying it would only delay its dead letter. */
function read<Type extends EventType>(type: Type, body: Uint8Array): PayloadOf<Type> {
  try {
    return decodePayload(type, body)
  } catch (error) {
    throw new FrontdeskError('invalid_argument', { publicMessage: `The body is no payload of ${type}.`, cause: error })
  }
}

function changeOf({ envelope: { type, revision }, body }: ReceivedEvent): Change | undefined {
  switch (type) {
    case 'frontdesk.call.analyzed.v1':
      return onCallAnalyzed(read(type, body), revision)
    case 'frontdesk.calendar_booking.created.v1':
      return onBookingCreated(read(type, body), revision)
    case 'frontdesk.calendar_booking.rescheduled.v1':
      return onBookingRescheduled(read(type, body), revision)
    case 'frontdesk.calendar_booking.cancelled.v1':
      return onBookingCancelled(read(type, body), revision)
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
