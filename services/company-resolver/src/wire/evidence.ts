import type { Evidence as EvidenceMessage, EventSource } from '@frontdesk/contracts'
import { type Evidence, normalizeValue } from '../domain/evidence.ts'
import { toEvidenceKind } from './names.ts'

/** The provider becomes a token of a subject. */
const providerPattern = /^[a-z][a-z0-9_-]{0,31}$/

/** Whether the text can be a provider's name. */
export function isProviderName(text: string): boolean {
  return providerPattern.test(text)
}

/** What of the messages counts as evidence. */
export function fromEvidenceMessages(messages: readonly EvidenceMessage[]): Evidence[] {
  return messages.flatMap(({ kind, value }): Evidence[] => {
    const known = toEvidenceKind(kind)
    // A kind newer than this process says nothing to it, and what an entity is worth is found out here alone.
    return known && known !== 'entity' && value.trim() !== '' ? [{ kind: known, value: normalizeValue(known, value) }] : []
  })
}

/** What an event's source says of its company. */
export function evidenceOf({ connectionId, evidence }: EventSource): Evidence[] {
  const pieces = fromEvidenceMessages(evidence)
  // The veto of the connection must not depend on whether it was listed.
  return connectionId ? [...pieces, { kind: 'connection', value: connectionId }] : pieces
}
