import type { Booking } from './booking.ts'

/** A slot's start in a time zone, by the date there. */
export type Slots = Record<string, { start: string }[]>

const openingHour = 9
const closingHour = 17
const dayMs = 86_400_000

/** The free starts in [from, to) of weekdays, 9 to 17 UTC, grouped and written in the time zone. */
export function freeSlots(
  bookings: Iterable<Booking>,
  range: { from: Date; to: Date; now: Date },
  minutes: number,
  timeZone: string,
): Slots {
  const taken = [...bookings]
  const slots: Slots = {}
  for (const start of startsOf(range, minutes)) {
    if (!isFree(taken, start, minutes)) continue
    const local = inZone(start, timeZone)
    const day = (slots[local.slice(0, 10)] ??= [])
    day.push({ start: local })
  }
  return slots
}

/** Whether nobody has booked any of that time. */
export function isFree(bookings: Iterable<Booking>, start: Date, minutes: number): boolean {
  const startMs = start.getTime()
  const endMs = startMs + minutes * 60_000
  for (const booking of bookings) {
    if (booking.status === 'accepted' && Date.parse(booking.start) < endMs && Date.parse(booking.end) > startMs) return false
  }
  return true
}

/** Whether somebody works then. */
export function isOpen(start: Date, minutes: number): boolean {
  const minuteOfDay = start.getUTCHours() * 60 + start.getUTCMinutes()
  const isWeekday = start.getUTCDay() !== 0 && start.getUTCDay() !== 6
  return isWeekday && minuteOfDay >= openingHour * 60 && minuteOfDay + minutes <= closingHour * 60
}

function* startsOf({ from, to, now }: { from: Date; to: Date; now: Date }, minutes: number): Generator<Date> {
  for (let day = Math.floor(from.getTime() / dayMs) * dayMs; day < to.getTime(); day += dayMs) {
    for (let minute = openingHour * 60; minute + minutes <= closingHour * 60; minute += minutes) {
      const start = new Date(day + minute * 60_000)
      if (start >= from && start < to && start > now && isOpen(start, minutes)) yield start
    }
  }
}

/** `2026-11-02T10:00:00.000+01:00`; in UTC with a Z. */
function inZone(instant: Date, timeZone: string): string {
  if (timeZone === 'UTC') return instant.toISOString()
  const offset = offsetMinutes(instant, timeZone)
  const local = new Date(instant.getTime() + offset * 60_000).toISOString().slice(0, -1)
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) => String(part).padStart(2, '0'))
  return `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`
}

function offsetMinutes(instant: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(instant)
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? []
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
