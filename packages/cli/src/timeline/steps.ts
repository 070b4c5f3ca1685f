import type { Attribution, HandledEvent, LedgerEvent, ProducedEvent } from '@frontdesk/contracts'
import { enumName, probability } from '../format.ts'
import type { Timeline } from './follow.ts'

/** One step of an event's way. */
export interface Step {
  readonly at: string
  /** Since its receipt. */
  readonly ms: number
  readonly service: string
  readonly what: string
}

type Told = Pick<Step, 'service' | 'what'> & { readonly at: Date | undefined; readonly rank: number }

/** The way of an event, the earliest step first; the services' clocks may differ by milliseconds. */
export function stepsOf(event: LedgerEvent, attribution: Attribution | undefined, timeline: Timeline): Step[] {
  const receivedAt = event.receivedAt ?? new Date(0)
  const received: Told = { at: receivedAt, service: 'webhook-ingress', what: `received from ${event.provider}`, rank: -1 }
  const handled = timeline.handled.map((step): Told => ({
    at: step.handledAt,
    service: step.service,
    what: handledWhat(step, step.service === 'company-resolver' ? attribution : undefined),
    rank: 0,
  }))
  const produced = timeline.produced.map((step): Told => ({
    at: step.publishedAt ?? step.createdAt,
    service: step.service,
    what: producedWhat(step),
    rank: 1,
  }))
  return [received, ...handled, ...produced]
    .map(({ at = receivedAt, ...step }) => ({ ...step, at: at.toISOString(), ms: at.getTime() - receivedAt.getTime() }))
    .toSorted((a, b) => a.ms - b.ms || a.rank - b.rank)
    .map(({ rank: _rank, ...step }) => step)
}

function handledWhat(
  { handler, eventType, revision, outcome, attempts, error }: HandledEvent,
  attribution: Attribution | undefined,
): string {
  const tries = attempts > 1 ? `, delivery ${attempts}` : ''
  const which = `${shortType(eventType)}${revision > 1 ? ` revision ${revision}` : ''}`
  if (outcome === 'dead') return `gave up on ${which} (${handler}${tries}): ${error.replaceAll(/\s+/g, ' ')}`
  const decision = attribution?.revision === revision ? attribution.decision : undefined
  if (decision?.$case === 'attributed')
    return `attributed to ${decision.value.companyId}, ${probability(decision.value.confidence)}${tries}`
  if (decision?.value.discard) return `nobody’s, by ${decision.value.discard.discardedBy}${tries}`
  if (decision) return `quarantined, ${enumName(decision.value.reason, 'QUARANTINE_REASON_')}${tries}`
  return `handled ${which}${tries}`
}

function producedWhat({ eventType, subject, publishedAt, stream, streamSequence, failures, lastError }: ProducedEvent): string {
  if (publishedAt) return `published ${shortType(eventType)} as ${subject} (${stream} ${streamSequence})`
  const why = failures > 0 ? `, failed ${failures} times: ${lastError}` : ''
  return `has ${shortType(eventType)} to publish as ${subject}${why}`
}

function shortType(type: string): string {
  return type.replace(/^frontdesk\.(.+)\.v1$/, '$1')
}
