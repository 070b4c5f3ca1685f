import { type HandledEvent, OperationsServiceDefinition, type ProducedEvent } from '@frontdesk/contracts'
import type { CliContext } from '../context.ts'
import { withService } from '../rpc.ts'
import type { ServiceName } from '../targets.ts'

/** A service that could not say its part, and why. */
export interface Away {
  readonly service: ServiceName
  readonly why: string
}

/** What the services say of an event and of those that followed from it. */
export interface Timeline {
  readonly handled: readonly (HandledEvent & { readonly service: ServiceName })[]
  readonly produced: readonly (ProducedEvent & { readonly service: ServiceName })[]
  readonly away: readonly Away[]
}

/** The services that an event may pass, in the order of its way. */
const services = ['webhook-ingress', 'company-resolver', 'booking', 'billing', 'messaging'] as const satisfies readonly ServiceName[]
/** An appointment from a call, a message from that, its usage from that; then two to spare. */
const roundsMax = 6
const idsMax = 64

interface Target {
  readonly address?: string | undefined
  readonly token?: string | undefined
}

/** Whether it stands for a service that is away. */
export function isAway<Answer>(answer: Answer | Away): answer is Away {
  return typeof answer === 'object' && answer !== null && 'why' in answer
}

/** Asks every service at once for the event, then for the events that followed, until none is new. */
export async function followEvent(context: CliContext, target: Target, ingress: Target, eventId: string): Promise<Timeline> {
  const handled: Timeline['handled'][number][] = []
  const produced = new Map<string, Timeline['produced'][number]>()
  const away = new Map<ServiceName, Away>()
  const seen = new Set<string>()
  let next = [eventId]
  for (let round = 0; round < roundsMax && next.length > 0; round += 1) {
    for (const id of next) seen.add(id)
    // What one round finds the next one asks about.
    const answers = await Promise.all(
      services
        .filter((service) => !away.has(service))
        .map((service) => ask(context, service, service === 'webhook-ingress' ? ingress : target, next)),
    )
    for (const answer of answers) {
      if (isAway(answer)) {
        away.set(answer.service, answer)
        continue
      }
      const { service } = answer
      handled.push(...answer.handled.map((event) => ({ ...event, service })))
      for (const event of answer.produced)
        produced.set(`${service} ${event.eventId}.${event.revision} ${event.subject}`, { ...event, service })
    }
    next = [...new Set([...produced.values()].map((event) => event.eventId))].filter((id) => !seen.has(id)).slice(0, idsMax)
  }
  return { handled, produced: [...produced.values()], away: [...away.values()] }
}

async function ask(context: CliContext, service: ServiceName, target: Target, eventIds: string[]) {
  try {
    const answer = await withService(
      context,
      service,
      OperationsServiceDefinition,
      target,
      (operations) => operations.getTimeline({ eventIds }),
      ['getTimeline'],
    )
    return { service, ...answer }
  } catch (error) {
    return { service, why: error instanceof Error ? error.message : String(error) }
  }
}
