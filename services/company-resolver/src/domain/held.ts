import type { Decision, Release } from './decide.ts'

/** What a person has decided of an event, in whatever revision. */
export interface HeldDecision {
  readonly companyId: string
  readonly release: Release
  /** When that company was deactivated. */
  readonly deactivatedAt: Date | undefined
}

/** A person's decision holds for later revisions of the event too: no weighing overrules it, only the end of its company. */
export function hold(weighed: Decision, held: HeldDecision | undefined, receivedAt: Date): Decision {
  if (!held) return weighed
  if (held.deactivatedAt && held.deactivatedAt <= receivedAt) return { kind: 'quarantined', reason: 'inactive_company', details: [] }
  return { kind: 'attributed', companyId: held.companyId, confidence: 1, release: held.release }
}
