import { FrontdeskError } from '@frontdesk/errors'
import type { Decision, Discard } from './decide.ts'

type Quarantined = Extract<Decision, { kind: 'quarantined' }>

/** A decision that a person made against every company. */
export type Discarded = Quarantined & { readonly discard: Discard }

/**
 * The decision that takes the place of a waiting event's; undefined if it was discarded before.
 * @throws FrontdeskError failed_precondition naming what became of it, unless it waits.
 */
export function discard(decision: Decision, made: Discard): Discarded | undefined {
  if (decision.kind === 'attributed') {
    const state = `it was ${decision.release ? 'released' : 'attributed'} to ${decision.companyId}`
    throw new FrontdeskError('failed_precondition', { publicMessage: `The event can’t be discarded: ${state}.` })
  }
  return decision.discard ? undefined : { ...decision, discard: made }
}
