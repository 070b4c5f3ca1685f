import { AttributionServiceDefinition, DiscardEventResponse } from '@frontdesk/contracts'
import { eventId } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { instant, json, printable } from '../format.ts'
import { findCompanies } from '../live/companies.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Lets go of an event that is nobody's, or was an ended company's. */
export function discard(context: CliContext): Leaf {
  return leaf(
    'Let go of a quarantined event that is nobody’s, or was an ended company’s: it waits no more.',
    {
      'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
      reason: { type: 'string', description: 'Why, for whoever reads it later', required: true },
      company: {
        type: 'string',
        description: 'The ended company that it was for: an id (cmp_…), or the beginning of its name; nobody’s without it',
      },
      ...rpcArgs,
    },
    async ({ args }) => {
      const id = eventId(args['event-id'])
      const { chosenId: companyId = '' } = args.company === undefined ? {} : await findCompanies(context, args)
      const answer = await withService(
        context,
        'company-resolver',
        AttributionServiceDefinition,
        args,
        (service) => service.discardEvent({ eventId: id, companyId, note: args.reason }),
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
