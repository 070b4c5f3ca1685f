import type { CompanyId } from '@frontdesk/contracts'
import type { CallerReader, Entitlement, Entitlements, KnownCaller, RefusalReason } from './ports.ts'

/** Whether a ringing call is taken, and what is known of the caller; nothing is told with a refusal. */
export type CallAnswer =
  | { readonly accepted: true; readonly caller: KnownCaller | undefined }
  | { readonly accepted: false; readonly reason: RefusalReason }

export interface RingingCall {
  readonly companyId: CompanyId
  /** E.164, as the telephony provider signed it; undefined when it is withheld. */
  readonly callerNumber: string | undefined
}

export interface AnswerCallDependencies {
  readonly entitlements: Entitlements
  readonly callers: (companyId: CompanyId) => CallerReader
  readonly now: () => Date
  /** Told of each call that was taken although billing could not be asked. */
  readonly onUnchecked: (companyId: CompanyId, error: unknown) => void
}

/** Answers while the phone rings. A company whose billing can't be asked takes the call: a lost caller costs more than a free one. */
export function answerCall(deps: AnswerCallDependencies): (call: RingingCall) => Promise<CallAnswer> {
  async function mayUseVoice(companyId: CompanyId): Promise<Entitlement> {
    try {
      return await deps.entitlements.voice(companyId)
    } catch (error) {
      deps.onUnchecked(companyId, error)
      return { allowed: true }
    }
  }

  return async ({ companyId, callerNumber }) => {
    // At once, since somebody is waiting; of a call that is refused the second is for nothing.
    const [entitlement, caller] = await Promise.all([
      mayUseVoice(companyId),
      callerNumber === undefined ? undefined : deps.callers(companyId).find(callerNumber, deps.now()),
    ])
    return entitlement.allowed ? { accepted: true, caller } : { accepted: false, reason: entitlement.reason }
  }
}
