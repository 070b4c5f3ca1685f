import { parseEventId, type EventId } from '@frontdesk/contracts'
import { UsageError } from './errors.ts'

/** The options of every command that lists. */
export const pageArgs = {
  limit: { type: 'string', description: 'How many to show, 1 to 200', default: '50', valueHint: 'n' },
  'page-token': { type: 'string', description: 'Where the page before ended' },
} as const

/** Reads the options of a page. */
export function pageOf(args: { limit: string; 'page-token': string | undefined }): { pageSize: number; pageToken: string } {
  return { pageSize: wholeNumber('--limit', args.limit, 1, 200), pageToken: args['page-token'] ?? '' }
}

/** Reads a whole number within bounds. */
export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most)) throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not "${text}".`)
  return value
}

/** Reads an event id. */
export function eventId(text: string): EventId {
  const id = parseEventId(text.toLowerCase())
  if (!id) throw new UsageError(`An event id has 64 hex digits; "${text}" is none.`)
  return id
}

const durationUnitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads a duration such as 90s, 5m, 2h or 1d, in ms. */
export function durationMs(name: string, text: string): number {
  const [, amount = '', unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? []
  const unitMs = durationUnitsMs[unit]
  if (unitMs === undefined) throw new UsageError(`${name} must be a duration such as 90s, 5m, 2h or 1d, not "${text}".`)
  return Number(amount) * unitMs
}
