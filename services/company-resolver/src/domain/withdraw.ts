import type { Decision } from './decide.ts'

/** A company that has been sent an event, and as what. */
export interface Holder {
  readonly companyId: string
  readonly revision: number
  readonly eventType: string
}

/** A revision that a person discarded: whoever had the event has given it back. */
export type GivenBack = Pick<Holder, 'revision' | 'eventType'> & { readonly companyId: undefined }

/**
 * Who has to give an event back, now that a revision of it was decided; `sent` is where its revisions went. What waits for a person is
 * taken from nobody: the company that has it may be the right one.
 */
export function withdrawnFrom(sent: readonly (Holder | GivenBack)[], revision: number, decision: Decision): Holder | undefined {
  const [holder] = sent.filter((one) => one.revision < revision).toSorted((a, b) => b.revision - a.revision)
  if (holder?.companyId === undefined) return undefined
  if (decision.kind === 'quarantined') return decision.discard && holder
  return decision.companyId === holder.companyId ? undefined : holder
}

/** What is told to a company that has to give an event back. */
export interface Withdrawal {
  readonly eventId: string
  /** The first revision that is not its own any more. */
  readonly beforeRevision: number
  readonly holder: Holder
  /** The event's source in proto3 JSON. */
  readonly source: unknown
  readonly at: Date
  readonly correlationId: string
  readonly bulk: boolean
}
