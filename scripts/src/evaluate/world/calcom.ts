import { dayMs } from './company.ts'
import { type Beginning, epochMs, type Teller, tell, type WorldEvent } from './story.ts'

const hourMs = 60 * 60 * 1_000

/** A booking, and what becomes of it. Only who has a connection can send one, so that no stranger does. */
export function tellBooking(teller: Teller, beginning: Beginning): WorldEvent[] {
  const { random, nextId } = teller
  const { at, company, callerText } = beginning
  if (!company) return []
  const { calendar } = company
  const uid = `booking${nextId()}`
  const host = random.pick(calendar.hosts)
  const instant = (ms: number) => new Date(epochMs + ms).toISOString()
  const startsAt = at + random.between(1, 10) * dayMs
  const booking = {
    uid,
    eventTypeId: Number(random.pick(calendar.eventTypes)),
    title: 'Haircut',
    startTime: instant(startsAt),
    endTime: instant(startsAt + hourMs),
    status: 'ACCEPTED',
    organizer: { id: Number(host.id), email: host.email, timeZone: 'Europe/Berlin' },
    attendees: [{ name: 'Ada', email: 'ada@example.test', timeZone: 'Europe/Berlin' }],
    ...(calendar.organization !== undefined && { organizationId: Number(calendar.organization) }),
    ...(calendar.team !== undefined && { teamId: Number(calendar.team) }),
    ...(callerText !== undefined && { metadata: { company_id: callerText }, responses: { company_id: { value: callerText } } }),
  }
  const send = (triggerEvent: string, when: number, payload: object): WorldEvent =>
    tell(teller, beginning, {
      provider: 'calcom',
      connectionId: calendar.connectionUsed,
      at: when,
      lateMs: hourMs,
      body: () => ({ triggerEvent, createdAt: instant(when), payload }),
      broken: () => ({ triggerEvent, createdAt: 'yesterday', payload }),
      traits: [calendar.connectionUsed === calendar.connection ? undefined : 'secret pasted elsewhere'],
    })
  const events = [send('BOOKING_CREATED', at, booking)]
  const fate = random.between(0, 1)
  if (fate < 0.15) events.push(send('BOOKING_CANCELLED', at + random.between(0.1, 1) * dayMs, booking))
  else if (fate < 0.25) {
    events.push(
      send('BOOKING_NO_SHOW_UPDATED', startsAt + hourMs, {
        bookingUid: uid,
        attendees: [{ email: 'ada@example.test', noShow: true }],
        message: 'x',
      }),
    )
  } else if (fate < 0.35)
    events.push(send('RECORDING_READY', startsAt + hourMs, { ...booking, eventTypeId: undefined, downloadLink: 'https://example.test' }))
  return events
}
