/** What an event can say about its company: the kinds, in the order in which they are weighed. */
export const evidenceKinds = [
  'connection',
  'metadata',
  'phone_number',
  'voice_agent',
  'organizer_email',
  'organizer_id',
  'event_type',
  'organization',
  'team',
  'entity',
] as const

/** The kind of a piece of evidence. */
export type EvidenceKind = (typeof evidenceKinds)[number]

/** One thing that an event says of its company; the value is normalized. */
export interface Evidence {
  readonly kind: EvidenceKind
  readonly value: string
}

const e164 = /^\+[1-9]\d{6,14}$/

/** The phone number in E.164, or undefined if the text is none with its country's code. */
export function toE164(text: string): string | undefined {
  const digits = text.replace(/[\s().\-/]/g, '').replace(/^00/, '+')
  return e164.test(digits) ? digits : undefined
}

/** The one form of a value, in which the directory keeps signals and looks for them; what can't be read stays as it is. */
export function normalizeValue(kind: EvidenceKind, text: string): string {
  const trimmed = text.trim()
  if (kind === 'phone_number') return toE164(trimmed) ?? trimmed
  return kind === 'organizer_email' ? trimmed.toLowerCase() : trimmed
}

/** One text for one piece of evidence: two pieces are the same if it is. */
export function evidenceKey({ kind, value }: Evidence): string {
  return `${kind}:${value}`
}
