import { Attribution, AttributionServiceDefinition } from '@frontdesk/contracts'
import { eventId, wholeNumber } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { json } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { waterfall } from '../waterfall.ts'

/** Explains attributions. */
export function attributions(context: CliContext): Group {
  return {
    description: 'Which company an event went to, and why.',
    commands: {
      explain: leaf(
        'Show the evidence, in the order in which it was weighed, and the decision.',
        {
          'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
          revision: { type: 'string', description: 'Revision of the event; the newest when left out', valueHint: 'n' },
          ...rpcArgs,
        },
        async ({ args }) => {
          const id = eventId(args['event-id'])
          const revision = args.revision === undefined ? 0 : wholeNumber('--revision', args.revision, 1, 2 ** 32 - 1)
          const { attribution } = await withService(
            context,
            'company-resolver',
            AttributionServiceDefinition,
            args,
            (service) => service.getAttribution({ eventId: id, revision }),
            ['getAttribution'],
          )
          if (!attribution) throw new CommandError('The company-resolver answered without an attribution.')
          context.out(args.json ? json(Attribution.toJSON(attribution)) : waterfall(attribution))
        },
      ),
    },
  }
}
