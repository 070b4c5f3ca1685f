import { AttributionServiceDefinition, ReleaseEventResponse } from '@frontdesk/contracts'
import { eventId, kindName, signalOf } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { instant, json, printable } from '../format.ts'
import { findCompanies } from '../live/companies.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Gives a quarantined event to its company. */
export function release(context: CliContext): Leaf {
  return leaf(
    'Give a quarantined event to its company. It goes on as it came, as if it had been attributed.',
    {
      'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
      company: { type: 'string', description: 'Whose it is: an id (cmp_…), or the beginning of a name', required: true },
      'add-signal': {
        type: 'string',
        description: 'Give the company the signal that was missing, such as phone_number=+49…',
        valueHint: 'kind=value',
      },
      ...rpcArgs,
    },
    async ({ args }) => {
      const id = eventId(args['event-id'])
      const signal = args['add-signal'] === undefined ? undefined : signalOf(args['add-signal'])
      const companies = await findCompanies(context, args)
      const { chosenId: companyId = '' } = companies
      const addSignal = signal && { evidence: signal }
      const answer = await withService(
        context,
        'company-resolver',
        AttributionServiceDefinition,
        args,
        (service) => service.releaseEvent({ eventId: id, companyId, ...(addSignal && { addSignal }) }),
        // Released twice is released once.
        ['releaseEvent'],
      )
      if (args.json) {
        context.out(json(ReleaseEventResponse.toJSON(answer)))
        return
      }
      const { attribution, alreadyReleased, siblings } = answer
      const made = attribution?.decision?.$case === 'attributed' ? attribution.decision.value.release : undefined
      const before = alreadyReleased ? `, by ${made?.releasedBy} at ${instant(made?.releasedAt)} already` : ''
      context.out(printable(`Released: ${id} goes to ${companies.nameOf(companyId)} as ${attribution?.eventType}${before}.`))
      if (signal && siblings > 0) {
        const given = `${kindName(signal.kind)}=${signal.value}`
        context.err(
          printable(`${siblings} more waiting events are decided by it:  pnpm frontdesk quarantine release-siblings ${given} --dry-run`),
        )
      }
      context.err(`Its way:  pnpm frontdesk events show ${id}`)
    },
  )
}
