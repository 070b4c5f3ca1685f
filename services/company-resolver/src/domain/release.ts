import { FrontdeskError } from '@frontdesk/errors'
import type { Decision, Release } from './decide.ts'

/** A decision that a person made. */
export type Released = Extract<Decision, { kind: 'attributed' }> & { readonly release: Release }

/** What a person wants. */
interface ReleaseCommand {
  readonly companyId: string
  readonly by: string
  readonly at: Date
}

/**
 * The decision that takes the place of an event's newest one; undefined if the event was released to this company before.
 * @throws FrontdeskError failed_precondition naming what became of it, unless it waits.
 */
export function release(newest: Decision, command: ReleaseCommand): Released | undefined {
  const { companyId, by, at } = command
  if (newest.kind === 'attributed') {
    if (newest.release && newest.companyId === companyId) return undefined
    throw refused(`it was ${newest.release ? 'released' : 'attributed'} to ${newest.companyId}`)
  }
  return { kind: 'attributed', companyId, confidence: 1, release: { by, at, from: newest.reason } }
}

function refused(state: string): FrontdeskError {
  return new FrontdeskError('failed_precondition', { publicMessage: `The event can’t be released to this company: ${state}.` })
}
