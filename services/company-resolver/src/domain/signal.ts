import { invalidArgument } from '@frontdesk/errors'
import { type EvidenceKind, isE164, missedForm, normalizeValue } from './evidence.ts'

/** From when (inclusive; always when undefined) until when (exclusive; without end when undefined). */
export interface Validity {
  readonly validFrom: Date | undefined
  readonly validUntil: Date | undefined
}

/** What a company can be recognised by; `entity` is found out, never registered. */
export type SignalKind = Exclude<EvidenceKind, 'entity'>

/** A value that stands for a company while it is valid. Two companies may share one. */
export interface Signal extends Validity {
  readonly id: string
  readonly companyId: string
  readonly kind: SignalKind
  readonly value: string
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
 * The same signal with an end.
 * @throws FrontdeskError invalid_argument.
 */
export function endSignal(signal: Signal, validUntil: Date): Signal {
  return { ...signal, ...validity({ validFrom: signal.validFrom, validUntil }) }
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
