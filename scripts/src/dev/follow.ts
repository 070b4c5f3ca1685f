import { setTimeout as wait } from 'node:timers/promises'
import type { Appointment, Attribution, LedgerEvent, Message, MessageStatus } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import type { PublicInterfaces } from './public-interfaces.ts'
import type { Effect } from './scenario/step.ts'

const patienceMs = 10_000

/** Asks again until there is an answer; the last complaint is the error when there is none in time. */
export async function until<Value>(what: string, ask: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
  const deadline = Date.now() + patienceMs
  while (Date.now() < deadline) {
    const value = await ask()
    if (value !== undefined) return value
    await wait(5)
  }
  throw new Error(`${what}: nothing within ${patienceMs / 1_000} s`)
}

/** The ledger's event of one type about one entity. */
export function ledgerEvent({ ledger }: PublicInterfaces, entityId: string, eventType: string): Promise<LedgerEvent> {
  return until(`${eventType} in the ledger`, async () => (await ledger.listEvents({ entityId, eventType })).events[0])
}

/** The resolver's decision on an event. */
export function attributionOf({ attribution }: PublicInterfaces, eventId: string): Promise<Attribution> {
  return until('its attribution', async () => {
    try {
      return (await attribution.getAttribution({ eventId })).attribution
    } catch (error) {
      if (isFrontdeskError(error, 'not_found')) return undefined
      throw error
    }
  })
}

/** The company's appointment under an outside name, once it is as expected. */
export function appointmentOf(
  { booking }: PublicInterfaces,
  companyId: string,
  originId: string,
  expected: (appointment: Appointment) => boolean,
): Promise<Appointment> {
  return until('its appointment', async () => (await booking.listAppointments({ companyId, originId })).appointments.find(expected))
}

/** Where the event went on the company's subjects. */
export function publishedOn(outside: PublicInterfaces, companyId: string, eventId: string): Promise<Effect[]> {
  return until('its event on the company’s subject', () => {
    const subject = outside.subjectsOf(eventId).find((name) => name.startsWith(`company.${companyId}.`))
    return subject === undefined ? undefined : [{ text: `published ${subject.slice(`company.${companyId}.`.length)}` }]
  })
}

/**
 * The company's message, by its own id or by the appointment that it is about, once it has the status.
 * @throws Error as soon as it has failed.
 */
export function messageOf(
  { messaging }: PublicInterfaces,
  companyId: string,
  which: { readonly messageId: string } | { readonly appointmentId: string },
  status: MessageStatus,
): Promise<Message> {
  return until(`its message as ${status}`, async () => {
    const message =
      'messageId' in which
        ? (await messaging.getMessage({ companyId, messageId: which.messageId })).message
        : (await messaging.listMessages({ companyId, appointmentId: which.appointmentId })).messages[0]
    if (message?.status === 'MESSAGE_STATUS_FAILED') throw new Error(`${message.messageId} failed: ${message.failureReason}`)
    return message?.status === status ? message : undefined
  })
}
