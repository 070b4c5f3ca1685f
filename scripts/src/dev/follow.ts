import { setTimeout as wait } from 'node:timers/promises'
import type { Appointment, Attribution, LedgerEvent } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import type { PublicInterfaces } from './public-interfaces.ts'

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
