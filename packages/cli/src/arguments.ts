import { type Evidence, EvidenceKind, isEventType, parseEventId, type EventId } from '@frontdesk/contracts'
import { errorCodes } from '@frontdesk/errors'
import type { ProviderName } from '@frontdesk/providers'
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

/** The options that name a window of time. */
export const windowArgs = {
  since: { type: 'string', description: 'From then on: 1h, 2d, or 2026-11-22T10:00:00Z', valueHint: 'time' },
  until: { type: 'string', description: 'Before then, in the same forms', valueHint: 'time' },
} as const

/** Reads a window of time; each side may be open. */
export function windowOf(args: { since: string | undefined; until: string | undefined }, now: Date): { from?: Date; until?: Date } {
  const from = args.since === undefined ? undefined : moment('--since', args.since, now)
  const until = args.until === undefined ? undefined : moment('--until', args.until, now)
  if (from && until && from >= until) throw new UsageError('--until must be later than --since.')
  return { ...(from && { from }), ...(until && { until }) }
}

const providerNames: Readonly<Record<ProviderName, true>> = { retell: true, calcom: true, stripe: true, whatsapp: true, standard: true }

/** Reads a provider's name; empty for none. */
export function providerName(text = ''): string {
  if (text !== '' && !Object.hasOwn(providerNames, text)) {
    throw new UsageError(`--provider: there is no provider "${text}", but ${Object.keys(providerNames).join(', ')}.`)
  }
  return text
}

/** Reads the code of a refusal; empty for none. */
export function errorCode(text = ''): string {
  if (text !== '' && !errorCodes.some((code) => code === text)) {
    throw new UsageError(`--code: there is no code "${text}". Give one of ${errorCodes.join(', ')}.`)
  }
  return text
}

/** Reads event types with commas between; `call.ended` stands for `frontdesk.call.ended.v1`. */
export function eventTypes(text: string | undefined): string[] {
  const names = (text ?? '').split(',').flatMap((name) => name.trim() || [])
  return names.map((name) => {
    const type = name.startsWith('frontdesk.') ? name : `frontdesk.${name}.v1`
    if (!isEventType(type)) throw new UsageError(`--type: there is no event type "${name}". Give such as call.ended.`)
    return type
  })
}

const durationUnitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const instantPattern = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/** An instant with its offset, a day in UTC, or a duration back from now. */
export function moment(name: string, text: string, now: Date): Date {
  if (!/^\d{4}-/.test(text)) return new Date(now.getTime() - durationMs(name, text))
  const instant = new Date(instantPattern.test(text) && isDayOfCalendar(text.slice(0, 10)) ? text : Number.NaN)
  if (Number.isNaN(instant.getTime())) {
    throw new UsageError(`${name} must be a duration such as 1h, or an instant such as 2026-11-22T10:00:00Z, not "${text}".`)
  }
  return instant
}

/** February 30 is none, which Date takes for March 2. */
function isDayOfCalendar(day: string): boolean {
  const begin = new Date(day)
  return !Number.isNaN(begin.getTime()) && begin.toISOString().startsWith(day)
}

/** Reads a duration such as 90s, 5m, 2h or 1d, in ms. */
export function durationMs(name: string, text: string): number {
  const [, amount = '', unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? []
  const unitMs = durationUnitsMs[unit]
  if (unitMs === undefined) throw new UsageError(`${name} must be a duration such as 90s, 5m, 2h or 1d, not "${text}".`)
  return Number(amount) * unitMs
}

/** Reads a window `FROM..TO`, each an instant, a day or a duration back from now. */
export function windowBetween(text: string, now: Date): { from: Date; until: Date } {
  const [since, until, ...more] = text.split('..')
  if (!since || !until || more.length > 0) throw new UsageError(`--window must be FROM..TO, such as 7d..1h, not "${text}".`)
  const [from, to] = [moment('--window', since, now), moment('--window', until, now)]
  if (from >= to) throw new UsageError('--window must begin before it ends.')
  return { from, until: to }
}

const noSignals: readonly EvidenceKind[] = [EvidenceKind.UNSPECIFIED, EvidenceKind.ENTITY, EvidenceKind.UNRECOGNIZED]
const evidenceKinds = Object.values(EvidenceKind).filter((kind) => !noSignals.includes(kind))

/** A kind of evidence as `--add-signal` names it: `phone_number`. */
export function kindName(kind: EvidenceKind): string {
  return kind.slice('EVIDENCE_KIND_'.length).toLowerCase()
}

/** Reads a signal such as `phone_number=+4930123456`. */
export function signalOf(text: string): Evidence {
  const [name = '', ...rest] = text.split('=')
  const kind = evidenceKinds.find((one) => kindName(one) === name)
  const value = rest.join('=')
  if (!kind || value === '') {
    throw new UsageError(
      `A signal is KIND=VALUE, such as phone_number=+4930123456, not "${text}". Kinds: ${evidenceKinds.map(kindName).join(', ')}.`,
    )
  }
  return { kind, value }
}
