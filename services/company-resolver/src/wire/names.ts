import { EvidenceKind as EvidenceKindMessage, QuarantineReason as QuarantineReasonMessage } from '@frontdesk/contracts'
import type { QuarantineReason } from '../domain/decide.ts'
import type { EvidenceKind } from '../domain/evidence.ts'

/** The contract's name of each kind of evidence. */
export const evidenceKindMessages = {
  connection: EvidenceKindMessage.CONNECTION,
  metadata: EvidenceKindMessage.METADATA,
  phone_number: EvidenceKindMessage.PHONE_NUMBER,
  voice_agent: EvidenceKindMessage.VOICE_AGENT,
  stripe_account: EvidenceKindMessage.STRIPE_ACCOUNT,
  stripe_customer: EvidenceKindMessage.STRIPE_CUSTOMER,
  whatsapp_phone_number: EvidenceKindMessage.WHATSAPP_PHONE_NUMBER,
  whatsapp_account: EvidenceKindMessage.WHATSAPP_ACCOUNT,
  organizer_email: EvidenceKindMessage.ORGANIZER_EMAIL,
  organizer_id: EvidenceKindMessage.ORGANIZER_ID,
  event_type: EvidenceKindMessage.EVENT_TYPE,
  organization: EvidenceKindMessage.ORGANIZATION,
  team: EvidenceKindMessage.TEAM,
  entity: EvidenceKindMessage.ENTITY,
} as const satisfies Record<EvidenceKind, EvidenceKindMessage>

/** The contract's name of each reason. */
export const quarantineReasonMessages = {
  no_match: QuarantineReasonMessage.NO_MATCH,
  ambiguous: QuarantineReasonMessage.AMBIGUOUS,
  low_confidence: QuarantineReasonMessage.LOW_CONFIDENCE,
  conflict: QuarantineReasonMessage.CONFLICT,
  inactive_company: QuarantineReasonMessage.INACTIVE_COMPANY,
  schema_drift: QuarantineReasonMessage.SCHEMA_DRIFT,
} as const satisfies Record<QuarantineReason, QuarantineReasonMessage>

const kinds = reversed(evidenceKindMessages)
const reasons = reversed(quarantineReasonMessages)

/** The kind that a message names; undefined if it is unspecified or newer than this process. */
export function toEvidenceKind(message: EvidenceKindMessage): EvidenceKind | undefined {
  return kinds.get(message)
}

/** The reason that a message names; undefined if it is unspecified or newer than this process. */
export function toQuarantineReason(message: QuarantineReasonMessage): QuarantineReason | undefined {
  return reasons.get(message)
}

function reversed<Name extends string, Message extends string>(messages: Record<Name, Message>): Map<string, Name> {
  return new Map((Object.entries(messages) as [Name, Message][]).map(([name, message]) => [message, name]))
}
