import { type Evidence, EvidenceKind } from '@frontdesk/contracts'
import { z } from 'zod'
import { toE164 } from './phone.ts'
import { identifier, readAs } from './schema.ts'

/** A number that a provider counts its things by; 0 stands for none. */
const numericId = z.int().min(1).transform(String)
const stripeAccount = z.string().regex(/^acct_\w{1,120}$/)
const stripeCustomer = z.string().regex(/^cus_\w{1,120}$/)
/** A node of Meta's graph. It is more digits than a number of JSON holds; the test button's 0 stands for none. */
const metaId = z.string().regex(/^[1-9]\d{0,31}$/)
const emailAddress = z
  .string()
  .max(254)
  .transform((email) => email.trim().toLowerCase())
  .pipe(z.string().regex(/^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/))

const readers = {
  [EvidenceKind.CONNECTION]: (value) => readAs(identifier, value),
  [EvidenceKind.PHONE_NUMBER]: (value) => phoneNumber(value),
  [EvidenceKind.VOICE_AGENT]: (value) => readAs(identifier, value),
  [EvidenceKind.METADATA]: (value) => readAs(identifier, value),
  [EvidenceKind.ORGANIZER_EMAIL]: (value) => email(value),
  [EvidenceKind.ORGANIZER_ID]: (value) => readAs(numericId, value),
  [EvidenceKind.EVENT_TYPE]: (value) => readAs(numericId, value),
  [EvidenceKind.ORGANIZATION]: (value) => readAs(numericId, value),
  [EvidenceKind.TEAM]: (value) => readAs(numericId, value),
  [EvidenceKind.STRIPE_ACCOUNT]: (value) => readAs(stripeAccount, value),
  [EvidenceKind.STRIPE_CUSTOMER]: (value) => readAs(stripeCustomer, value),
  [EvidenceKind.WHATSAPP_PHONE_NUMBER]: (value) => readAs(metaId, value),
  [EvidenceKind.WHATSAPP_ACCOUNT]: (value) => readAs(metaId, value),
} as const satisfies Partial<Record<EvidenceKind, (value: unknown) => string | undefined>>

/** Keeps of what was found in a body that which can be evidence, each once; a value of a wrong type or form is none. */
export function collectEvidence(found: readonly (readonly [kind: keyof typeof readers, value: unknown])[]): Evidence[] {
  const evidence = new Map<string, Evidence>()
  for (const [kind, raw] of found) {
    const value = readers[kind](raw)
    if (value !== undefined) evidence.set(`${kind} ${value}`, { kind, value })
  }
  return [...evidence.values()]
}

/** The address, trimmed and in lower case; undefined for whatever is none. */
export function email(value: unknown): string | undefined {
  return readAs(emailAddress, value)
}

/** The number in E.164; undefined for whatever is none. */
export function phoneNumber(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 64 ? toE164(value) : undefined
}
