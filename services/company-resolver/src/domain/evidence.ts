/** What an event can say about its company: the kinds, in the order in which they are weighed. */
export const evidenceKinds = [
  'connection',
  'metadata',
  'phone_number',
  'voice_agent',
  'stripe_account',
  'stripe_customer',
  'whatsapp_phone_number',
  'whatsapp_account',
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

/** Evidence with the companies that have it as a signal; none if the directory does not know it. */
export interface MatchedEvidence extends Evidence {
  readonly companyIds: readonly string[]
}

const e164 = /^\+[1-9]\d{6,14}$/

/** Whether the text is a phone number in E.164, and nothing else: `+` and 7 to 15 digits. */
export function isE164(text: string): boolean {
  return e164.test(text)
}

// What providers' adapters take for ids. Meta's are digits; its test button's 0 stands for nothing.
const providerIds: ReadonlyMap<EvidenceKind, { readonly pattern: RegExp; readonly form: string }> = new Map([
  ['stripe_account', { pattern: /^acct_\w{1,120}$/, form: 'an account’s id, acct_…' }],
  ['stripe_customer', { pattern: /^cus_\w{1,120}$/, form: 'a customer’s id, cus_…' }],
  ['whatsapp_phone_number', { pattern: /^[1-9]\d{0,31}$/, form: 'Meta’s id of the number, up to 32 digits, and not the number itself' }],
  ['whatsapp_account', { pattern: /^[1-9]\d{0,31}$/, form: 'Meta’s id of the business account, up to 32 digits' }],
])

/** What an id of that kind looks like, for a text that is none; undefined for one that is, and for kinds without a form. */
export function missedForm(kind: EvidenceKind, text: string): string | undefined {
  const id = providerIds.get(kind)
  return id && !id.pattern.test(text) ? id.form : undefined
}

/**
 * The one form of a value, in which the directory keeps signals and looks for them. Phone numbers have it from the
 * adapter of their provider: a second reader of `+49 (0)30 …` would make another number of it.
 */
export function normalizeValue(kind: EvidenceKind, text: string): string {
  if (kind === 'phone_number') return text
  const trimmed = text.trim()
  return kind === 'organizer_email' ? trimmed.toLowerCase() : trimmed
}

/** One text for one piece of evidence: two pieces are the same if it is. */
export function evidenceKey({ kind, value }: Evidence): string {
  return `${kind}:${value}`
}
