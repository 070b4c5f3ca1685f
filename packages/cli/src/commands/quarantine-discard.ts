import { AttributionServiceDefinition, DiscardEventResponse } from '@frontdesk/contracts'
import { eventId } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { instant, json, printable } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Lets go of an event that is nobody's. */
export function discard(context: CliContext): Leaf {
  return leaf(
    'Let go of a quarantined event that is nobody’s: it waits no more.',
    {
      'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
      reason: { type: 'string', description: 'Why, for whoever reads it later', required: true },
      ...rpcArgs,
    },
    async ({ args }) => {
      const id = eventId(args['event-id'])
      const answer = await withService(
        context,
        'company-resolver',
        AttributionServiceDefinition,
        args,
        (service) => service.discardEvent({ eventId: id, note: args.reason }),
        // Discarded twice is discarded once.
        ['discardEvent'],
      )
      if (args.json) {
        context.out(json(DiscardEventResponse.toJSON(answer)))
        return
      }
      const { attribution, alreadyDiscarded } = answer
      const made = attribution?.decision?.$case === 'quarantined' ? attribution.decision.value.discard : undefined
      const before = alreadyDiscarded ? `, by ${made?.discardedBy} at ${instant(made?.discardedAt)} already` : ''
      context.out(printable(`Discarded: ${id}, ${attribution?.eventType}${before}.`))
    },
  )
}
