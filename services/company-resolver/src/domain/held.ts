import type { Decision, Discard, Release } from './decide.ts'

/** What a person has decided of an event, in whatever revision: whose it is, or that it is nobody's. */
export type HeldDecision =
  | {
      readonly companyId: string
      readonly release: Release
      /** When that company was deactivated. */
      readonly deactivatedAt: Date | undefined
    }
  | { readonly companyId: undefined; readonly discard: Discard }

/** A person's decision holds for later revisions of the event too: no weighing overrules it, only the end of its company. */
export function hold(weighed: Decision, held: HeldDecision | undefined, receivedAt: Date): Decision {
  if (!held) return weighed
  if (held.companyId === undefined) {
    return {
      ...(weighed.kind === 'quarantined' ? weighed : { kind: 'quarantined', reason: 'no_match', details: [] }),
      discard: held.discard,
    }
  }
  if (held.deactivatedAt && held.deactivatedAt <= receivedAt) return { kind: 'quarantined', reason: 'inactive_company', details: [] }
  return { kind: 'attributed', companyId: held.companyId, confidence: 1, release: held.release }
}
