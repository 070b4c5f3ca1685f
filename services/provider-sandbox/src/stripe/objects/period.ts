import type { Price } from './types.ts'

/** Whole seconds since 1970; the end belongs to the next period. */
export interface Period {
  readonly start: number
  readonly end: number
}

/** The period of a recurring price that begins then; a month from January 31 ends on the last of February. */
export function periodFrom(start: number, recurring: Price['recurring']): Period {
  const { interval, interval_count: count } = recurring ?? { interval: 'month', interval_count: 1 }
  if (interval === 'day' || interval === 'week') return { start, end: start + count * (interval === 'day' ? 86_400 : 604_800) }
  return { start, end: monthsLater(start, interval === 'year' ? 12 * count : count) }
}

function monthsLater(seconds: number, months: number): number {
  const date = new Date(seconds * 1_000)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const lastOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, lastOfMonth))
  return Math.floor(date.getTime() / 1_000)
}
