import type { CompanyId } from '@frontdesk/contracts'
import { toFrontdeskError } from '@frontdesk/errors'
import type { FunctionCall, FunctionName, FunctionWebhook, RequestedStart } from '@frontdesk/providers'
import { singleValued } from '../domain/delivery.ts'
import {
  booked,
  calendarAway,
  freeTimes,
  type FunctionAnswer,
  notBooked,
  notOurs,
  notUnderstood,
  unconfirmed,
} from '../domain/function-answers.ts'
import { instantAt } from '../domain/local-time.ts'
import { type InboundRequest, tooLate } from './answer-inbound.ts'
import type { BookingDesk, CompanyFinder, FoundCompany } from './ports.ts'
import { withinTime } from './within-time.ts'

/** A tool call of a provider's voice agent; nothing of it is trusted yet. */
export interface FunctionCallRequest extends InboundRequest {
  /** As the path has it. */
  readonly name: string
}

/** What the agent is told, and for us why. */
export interface FunctionResult {
  readonly name: FunctionName
  readonly answer: FunctionAnswer
  /** The answer's status, why it is no company's, or the code of what failed. */
  readonly outcome: string
  readonly companyId?: CompanyId
  readonly problem?: unknown
}

export interface AnswerFunctionDependencies {
  readonly webhook: Pick<FunctionWebhook, 'verify' | 'read'>
  /** Current, then previous; any of them may have signed. */
  readonly secrets: readonly string[]
  readonly companies: CompanyFinder
  readonly desk: BookingDesk
  readonly clock: () => Date
  /** For all questions to others together. */
  readonly timeoutMs?: number
}

/**
 * Answers a voice agent's tool within 2 s; whose company's it is, the signed call alone says.
 * @throws FrontdeskError when Retell did not sign it, or when it is no call of a function of ours.
 */
export function answerFunction(deps: AnswerFunctionDependencies): (request: FunctionCallRequest) => Promise<FunctionResult> {
  async function decide(call: FunctionCall): Promise<Omit<FunctionResult, 'name'>> {
    const company = await deps.companies.find('retell', call.evidence)
    if ('reason' in company) return { answer: notOurs, outcome: company.reason }
    const answer = await answerOf(deps.desk, company, call)
    return { answer, outcome: answer.status, companyId: company.companyId }
  }

  return async ({ name: path, headers, rawBody }) => {
    deps.webhook.verify({ headers: singleValued(headers), rawBody }, deps.secrets, deps.clock())
    const reading = deps.webhook.read(path, rawBody)
    if (!reading.ok) {
      const { name, violations } = reading
      return { name, answer: notUnderstood(violations), outcome: 'invalid_arguments', problem: violations }
    }
    const { name } = reading.request
    try {
      return { name, ...(await withinTime(decide(reading), deps.timeoutMs ?? 1_800, tooLate)) }
    } catch (error) {
      const answer = name === 'book_appointment' ? unconfirmed : calendarAway
      return { name, answer, outcome: toFrontdeskError(error).code, problem: error }
    }
  }
}

async function answerOf(desk: BookingDesk, { companyId, timeZone }: FoundCompany, call: FunctionCall): Promise<FunctionAnswer> {
  const { key, callId, callerNumber, request } = call
  switch (request.name) {
    case 'check_availability': {
      const { from, until, durationMinutes } = request.args
      const window = { startsAt: instantAt(from, timeZone), endsAt: instantAt(until, timeZone) }
      return freeTimes(await desk.freeTimes(companyId, window, durationMinutes), timeZone)
    }
    case 'book_appointment': {
      const { start, durationMinutes, title, customerName } = request.args
      const wanted = { key, callId, callerNumber, customerName, title, startsAt: startOf(start, timeZone), durationMinutes }
      const answer = await desk.book(companyId, wanted)
      return 'refusal' in answer ? notBooked(answer.refusal) : booked(answer, timeZone)
    }
    default:
      return request satisfies never
  }
}

function startOf(start: RequestedStart, timeZone: string): Date {
  return 'at' in start ? start.at : instantAt(start.local, timeZone)
}
