import {
  Attribution,
  AttributionServiceDefinition,
  Delivery,
  type EventId,
  LedgerEvent,
  LedgerServiceDefinition,
  VerifyingSecret,
} from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import type { RpcClient } from '@frontdesk/rpc'
import { eventId } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { fields, instant, json, printable, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { followEvent, isAway, type Away } from '../timeline/follow.ts'
import { stepsOf } from '../timeline/steps.ts'
import { wentTo } from './events-search.ts'

interface Target {
  readonly address?: string | undefined
  readonly token?: string | undefined
}

/** Shows one event with all that became of it, as far as the services can be reached. */
export function show(context: CliContext): Leaf {
  return leaf(
    'Show one event, its company, and its way through the services; with --delivery the request that brought it.',
    {
      id: { type: 'positional', description: 'Event id, 64 hex digits', required: true },
      delivery: { type: 'boolean', description: 'Also show headers and raw body; they hold personal data' },
      ...rpcArgs,
    },
    async ({ args }) => {
      const id = eventId(args.id)
      // --address is the ingress's.
      const others = { token: args.token }
      const { event, delivery } = await inLedger(context, args, id, args.delivery === true)
      const [attribution, timeline] = await Promise.all([decisionOn(context, others, id), followEvent(context, others, args, id)])
      const steps = stepsOf(event, isAway(attribution) ? undefined : attribution, timeline)
      if (args.json) {
        context.out(
          json({
            event: LedgerEvent.toJSON(event),
            verdict: verdictOf(event),
            attribution: isAway(attribution) ? attribution : attribution && Attribution.toJSON(attribution),
            timeline: { steps, away: timeline.away },
            ...(args.delivery ? { delivery: delivery ? Delivery.toJSON(delivery) : null } : {}),
          }),
        )
        return
      }
      context.out(describe(event, attribution))
      const rows = steps.map(({ ms, service, what }) => [`+${ms}`, service, what])
      context.out(`\n${table(['MS', 'SERVICE', 'STEP'], rows)}`)
      for (const { service, why } of timeline.away) context.out(printable(`       ${service} could not be asked: ${why}`))
      if (!args.delivery) return
      if (!delivery) return context.out('\nIts delivery is not kept any more: the body is past its retention.')
      context.out(`\nHeaders\n${fields(delivery.headers)}\n\nBody\n${printable(Buffer.from(delivery.body).toString('utf8'))}`)
    },
  )
}

async function inLedger(context: CliContext, target: Target, id: EventId, withDelivery: boolean) {
  return withService(
    context,
    'webhook-ingress',
    LedgerServiceDefinition,
    target,
    async (ledger) => {
      const { event } = await ledger.getEvent({ eventId: id })
      if (!event) throw new CommandError('The ledger answered without an event.')
      return { event, delivery: withDelivery ? await deliveryOf(ledger, event) : undefined }
    },
    ['getEvent', 'getDelivery'],
  )
}

/** Undefined once its body has been purged, which is long before the event is. */
async function deliveryOf(ledger: RpcClient<typeof LedgerServiceDefinition>, { deliveryId }: LedgerEvent): Promise<Delivery | undefined> {
  try {
    return (await ledger.getDelivery({ deliveryId })).delivery
  } catch (error) {
    if (isFrontdeskError(error, 'not_found')) return undefined
    throw error
  }
}

/** The resolver's newest decision; undefined while it has made none. */
async function decisionOn(context: CliContext, target: Target, id: EventId): Promise<Attribution | Away | undefined> {
  const ask = () =>
    withService(context, 'company-resolver', AttributionServiceDefinition, target, (service) => service.getAttribution({ eventId: id }), [
      'getAttribution',
    ])
  try {
    return (await ask()).attribution
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return isFrontdeskError(error.cause, 'not_found') ? undefined : { service: 'company-resolver', why: error.message }
  }
}

/** Whose secret signed the delivery, and which of two during a rotation. */
function verdictOf({ connectionId, verifiedBy }: LedgerEvent): string {
  const which = { [VerifyingSecret.CURRENT]: 'current ', [VerifyingSecret.PREVIOUS]: 'previous ' }[verifiedBy as string] ?? ''
  return connectionId ? `verified by the own ${which}secret of ${connectionId}` : `verified by the platform’s ${which}secret`
}

function describe(event: LedgerEvent, attribution: Attribution | Away | undefined): string {
  return fields({
    Event: event.eventId,
    Revision: event.revision > 1 ? String(event.revision) : undefined,
    Type: event.eventType,
    Provider: event.provider,
    Connection: event.connectionId,
    Entity: event.entityId,
    Received: instant(event.receivedAt),
    Delivery: event.deliveryId,
    Verdict: verdictOf(event),
    Company: isAway(attribution) ? `unknown: ${attribution.why}` : wentTo(attribution?.decision),
  })
}
