import type { CompanyId } from '@frontdesk/contracts'
import type { Appointment } from '../domain/appointment.ts'
import { applyChanges, type ChangeOutcome } from './apply-changes.ts'
import type { AppointmentReference, Book, CalendarReader, Change } from './ports.ts'

/** What a caller asks for during a call. */
export interface BookingRequest {
  readonly companyId: CompanyId
  /** Names the agent's tool call: the same one books once. */
  readonly key: string
  readonly callId: string
  /** E.164, as the telephony provider signed it; undefined when it is withheld. */
  readonly callerNumber: string | undefined
  readonly customerName: string
  readonly title: string
  readonly startsAt: Date
  readonly endsAt: Date
}

export type BookingRefusalReason = 'taken' | 'past' | 'cancelled'

/** The appointment that the request has, or why it has none. */
export type BookingAnswer = { readonly booked: Appointment } | { readonly refused: BookingRefusalReason }

/** One company's book while nobody else books during a call, inside one transaction. */
export interface BookingTurn {
  readonly book: Book
  readonly calendar: CalendarReader
  /** Commits what others are told with the change; `key` is that of the request that caused it. */
  readonly tell: (outcome: ChangeOutcome, key: string) => Promise<void>
}

/** Waits for the company's turn; what the work did is committed once this resolves. */
export type TakeBookingTurn = <Result>(companyId: CompanyId, work: (turn: BookingTurn) => Promise<Result>) => Promise<Result>

export interface BookAppointmentDependencies {
  readonly takeTurn: TakeBookingTurn
  readonly newAppointmentId: () => string
  readonly newCustomerId: () => string
  readonly now: () => Date
}

/** Books what a caller asks for, once for each tool call: its key is committed with the appointment. */
export function bookAppointment(deps: BookAppointmentDependencies): (request: BookingRequest) => Promise<BookingAnswer> {
  async function inTurn({ book, calendar, tell }: BookingTurn, request: BookingRequest): Promise<BookingAnswer> {
    const byToolCall: AppointmentReference = { kind: 'tool_call', value: request.key }
    const byCall: AppointmentReference = { kind: 'call', value: request.callId }
    const page = await book.open([byToolCall, byCall], [])
    const known = ({ kind }: AppointmentReference) => {
      const id = page.references.find(({ reference }) => reference.kind === kind)?.appointmentId
      return page.appointments.find((appointment) => appointment.id === id)
    }
    const made = known(byToolCall)
    if (made) return made.state.status === 'confirmed' ? { booked: made } : { refused: 'cancelled' }

    const now = deps.now()
    if (request.startsAt <= now) return { refused: 'past' }
    const inTheWay = await calendar.overlapping(request)
    // Asked again in other words, a caller does not collide with himself.
    const own = inTheWay.find((appointment) => isOf(request, appointment))
    if (own) return { booked: own }
    if (inTheWay.length > 0) return { refused: 'taken' }

    // The call's analysis amends its first appointment; a second one in the same call is one of its own.
    const first = known(byCall)
    const references = first && first.state.status !== 'requested' ? [byToolCall] : [byToolCall, byCall]
    const [outcome] = await applyChanges({ book, ...deps })([changeOf(request, references, now)])
    const booked = outcome?.appointments.at(-1)?.appointment
    if (!outcome || !booked) throw new Error('a booking made no appointment')
    await tell(outcome, request.key)
    return { booked }
  }

  return (request) => deps.takeTurn(request.companyId, (turn) => inTurn(turn, named(request)))
}

/** A withheld number leaves no customer to carry the name. */
function named(request: BookingRequest): BookingRequest {
  const { callerNumber, customerName, title } = request
  return callerNumber || !customerName ? request : { ...request, title: `${title} (${customerName})` }
}

function isOf({ callId, title, startsAt, endsAt }: BookingRequest, { originId, title: theirs, state }: Appointment): boolean {
  if (state.status !== 'confirmed' || originId !== callId || theirs !== title) return false
  return state.startsAt.getTime() === startsAt.getTime() && state.endsAt.getTime() === endsAt.getTime()
}

function changeOf(request: BookingRequest, references: readonly AppointmentReference[], now: Date): Change {
  const { callId, callerNumber, customerName: name, title, startsAt, endsAt } = request
  return {
    origin: 'call',
    originId: callId,
    title,
    state: { status: 'confirmed', startsAt, endsAt },
    order: { occurredAt: now, sequence: 0, rank: 0, revision: 1 },
    references,
    // What he says his name is only names him; a withheld number leaves nobody to be known again.
    contact: callerNumber
      ? { identity: { kind: 'caller_number', value: callerNumber }, name, email: '', phoneNumber: callerNumber, at: now }
      : undefined,
  }
}
