import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import { type EvidenceKind, isE164, missedForm, normalizeValue } from './evidence.ts'

/** From when (inclusive; always when undefined) until when (exclusive; without end when undefined). */
export interface Validity {
  readonly validFrom: Date | undefined
  readonly validUntil: Date | undefined
}

/** What a company can be recognised by; `entity` is found out, never registered. */
export type SignalKind = Exclude<EvidenceKind, 'entity'>

/** What a signal was derived from, and ends with. */
export type SignalOrigin = { readonly connectionId: string } | { readonly phoneNumberId: string }

/** A value that stands for a company while it is valid. Two companies may share one. */
export interface Signal extends Validity {
  readonly id: string
  readonly companyId: string
  readonly kind: SignalKind
  readonly value: string
  /** Undefined for one that was added by hand. */
  readonly origin?: SignalOrigin | undefined
}

/** The longest value, in characters. */
export const maxSignalLength = 255

/** Whether the signal counts at that time. */
export function isValidAt({ validFrom, validUntil }: Validity, at: Date): boolean {
  return (validFrom === undefined || validFrom <= at) && (validUntil === undefined || at < validUntil)
}

/** Whether there is a time at which both count. */
export function overlaps(a: Validity, b: Validity): boolean {
  const beginsBeforeEnd = (x: Validity, y: Validity) => !x.validFrom || !y.validUntil || x.validFrom < y.validUntil
  return beginsBeforeEnd(a, b) && beginsBeforeEnd(b, a)
}

/**
 * A signal in its one form.
 * @throws FrontdeskError invalid_argument.
 */
export function newSignal(draft: Signal): Signal {
  const value = normalizeValue(draft.kind, draft.value)
  if (value === '' || value.length > maxSignalLength) throw invalidArgument(`value: give 1 to ${maxSignalLength} characters`)
  if (draft.kind === 'phone_number' && !isE164(value)) {
    throw invalidArgument('value: give a phone number in E.164, + and 7 to 15 digits and nothing else, such as +4930123456')
  }
  const form = missedForm(draft.kind, value)
  if (form) throw invalidArgument(`value: give ${form}`)
  if (draft.kind === 'organizer_email' && !/^[^@\s]+@[^@\s]+$/.test(value)) throw invalidArgument('value: give an e-mail address')
  return { ...draft, value, ...validity(draft) }
}

/**
 * The signal, or what else has a validity, with an end; itself if it has that one.
 * @throws FrontdeskError invalid_argument.
 */
export function endSignal<Valid extends Validity>(signal: Valid, validUntil: Date): Valid {
  if (signal.validUntil?.getTime() === validUntil.getTime()) return signal
  return { ...signal, ...validity({ validFrom: signal.validFrom, validUntil }) }
}

/**
 * Ends a signal by hand.
 * @throws FrontdeskError invalid_argument, failed_precondition for one that ends with what it was derived from.
 */
export function endByHand(signal: Signal, validUntil: Date): Signal {
  if (signal.kind === 'connection') throw endsWith('its connection: deactivate that')
  if (signal.origin && 'phoneNumberId' in signal.origin) throw endsWith('its phone number: end that')
  return endSignal(signal, validUntil)
}

/** The signal with an end at that time, or with no time at all if it begins later; itself if it has ended by then. */
export function cutOff(signal: Signal, at: Date): Signal {
  if (signal.validUntil && signal.validUntil <= at) return signal
  return { ...signal, validUntil: signal.validFrom && signal.validFrom > at ? signal.validFrom : at }
}

function endsWith(what: string): FrontdeskError {
  return new FrontdeskError('failed_precondition', { publicMessage: `The signal ends with ${what}.` })
}

/**
 * The signal as far as the company does not have its value already: from the end of the last of the same on. Undefined if that has none.
 */
export function notYetKnown(signal: Signal, same: readonly Validity[]): Signal | undefined {
  const overlapping = same.filter((validity) => overlaps(validity, signal))
  const ends = overlapping.map(({ validUntil }) => validUntil?.getTime() ?? Infinity)
  const last = Math.max(...ends)
  if (ends.length === 0) return signal
  return last < (signal.validUntil?.getTime() ?? Infinity) ? { ...signal, validFrom: new Date(last) } : undefined
}

function validity({ validFrom, validUntil }: Validity): Validity {
  for (const [name, at] of [
    ['valid_from', validFrom],
    ['valid_until', validUntil],
  ] as const) {
    if (at && Number.isNaN(at.getTime())) throw invalidArgument(`${name}: give an instant`)
  }
  if (validFrom && validUntil && validUntil <= validFrom) throw invalidArgument('valid_until: must be after valid_from')
  return { validFrom, validUntil }
}
