import type { CompanyId } from '@frontdesk/contracts'
import { FrontdeskError, toFrontdeskError } from '@frontdesk/errors'
import type { InboundAnswer, InboundContact, InboundEvent, InboundWebhook } from '@frontdesk/providers'
import { callVariables, stranger } from '../domain/call-variables.ts'
import { singleValued } from '../domain/delivery.ts'
import type { CallDesk, CompanyFinder } from './ports.ts'
import { withinTime } from './within-time.ts'

/** A question of a provider whose caller waits; nothing of it is trusted yet. */
export interface InboundRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawBody: Buffer
}

/** What somebody who waits is told, and for us why. */
export interface InboundResult {
  readonly event: InboundEvent
  readonly answer: InboundAnswer
  /** `answered`, `rejected`, `schema_drift`, why it is no company's, or the code of what failed. */
  readonly outcome: string
  readonly companyId?: CompanyId
  /** What failed, what did not fit, or why the company takes no calls. */
  readonly problem?: unknown
}

export interface AnswerInboundDependencies {
  readonly webhook: Pick<InboundWebhook, 'verify' | 'read'>
  /** Current, then previous; any of them may have signed. */
  readonly secrets: readonly string[]
  readonly companies: CompanyFinder
  readonly desk: CallDesk
  readonly clock: () => Date
  /** For all questions to others together. */
  readonly timeoutMs?: number
}

/**
 * Answers who calls or writes, within 2 s: whatever is not known by then, the number's usual agent speaks.
 * @throws FrontdeskError when Retell did not sign it, or when it is no question of this kind.
 */
export function answerInbound(deps: AnswerInboundDependencies): (request: InboundRequest) => Promise<InboundResult> {
  async function decide({ event, evidence, callerNumber }: InboundContact): Promise<Omit<InboundResult, 'event'>> {
    const found = await deps.companies.find('retell', evidence)
    if ('reason' in found) return { answer: { kind: 'usual' }, outcome: found.reason }
    const { companyId } = found
    // Who writes is told nothing of himself: what messages may be answered with is not booking's to say.
    const caller = event === 'call_inbound' ? await deps.desk.answer(companyId, callerNumber) : stranger
    if ('refusal' in caller) return { answer: { kind: 'reject' }, outcome: 'rejected', companyId, problem: caller.refusal }
    const variables = callVariables(found, caller)
    return { answer: { kind: 'told', variables, metadata: { company_id: companyId } }, outcome: 'answered', companyId }
  }

  return async ({ headers, rawBody }) => {
    deps.webhook.verify({ headers: singleValued(headers), rawBody }, deps.secrets, deps.clock())
    const reading = deps.webhook.read(rawBody)
    const { event } = reading
    if (!reading.ok) return { event, answer: { kind: 'usual' }, outcome: 'schema_drift', problem: reading.violations }
    try {
      return { event, ...(await withinTime(decide(reading), deps.timeoutMs ?? 1_800, tooLate)) }
    } catch (error) {
      return { event, answer: { kind: 'usual' }, outcome: toFrontdeskError(error).code, problem: error }
    }
  }
}

export function tooLate(timeoutMs: number): FrontdeskError {
  return new FrontdeskError('deadline_exceeded', {
    publicMessage: 'The caller can’t wait any longer.',
    detail: `not within ${timeoutMs} ms`,
  })
}
