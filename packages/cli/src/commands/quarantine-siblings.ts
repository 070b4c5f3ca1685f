import { AttributionServiceDefinition, type Evidence, Sibling } from '@frontdesk/contracts'
import { pageArgs, pageOf, signalOf } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { json, probability, table } from '../format.ts'
import { findCompanies } from '../live/companies.ts'
import { type RpcFlags, rpcArgs, withService } from '../rpc.ts'

const signalArgs = {
  signal: { type: 'positional', description: 'What the events carry, such as phone_number=+4930123456', required: true },
  ...pageArgs,
  ...rpcArgs,
} as const

/** Shows the waiting events that a signal decides by now. */
export function siblings(context: CliContext): Leaf {
  return leaf('Show the waiting events that carry a signal and that the directory decides by now.', signalArgs, ({ args }) =>
    ask(context, args, { signal: signalOf(args.signal), dryRun: true, ...pageOf(args) }),
  )
}

/** Lets them go on. */
export function releaseSiblings(context: CliContext): Leaf {
  return leaf(
    'Let the waiting events that carry a signal go on to the companies that the directory names by now.',
    { ...signalArgs, 'dry-run': { type: 'boolean', description: 'Only show what would be released' } },
    ({ args }) => ask(context, args, { signal: signalOf(args.signal), dryRun: args['dry-run'] ?? false, ...pageOf(args) }),
  )
}

interface Request {
  readonly signal: Evidence
  readonly dryRun: boolean
  readonly pageSize: number
  readonly pageToken: string
}

async function ask(context: CliContext, { address, token, json: asJson }: RpcFlags & { json?: boolean | undefined }, request: Request) {
  const { siblings: found, nextPageToken } = await withService(
    context,
    'company-resolver',
    AttributionServiceDefinition,
    { address, token },
    (service) => service.releaseSiblings(request),
    // What is released is released once.
    ['releaseSiblings'],
  )
  if (asJson) {
    context.out(json({ siblings: found.map((sibling) => Sibling.toJSON(sibling)), nextPageToken }))
    return
  }
  const companies = await findCompanies(context, { address, token })
  const rows = found.map(({ event, companyId, confidence, released }) => [
    request.dryRun ? 'would go' : released ? 'released' : 'decided meanwhile',
    event?.eventType ?? '',
    `${companies.nameOf(companyId)} ${probability(confidence)}`,
    event?.eventId ?? '',
  ])
  context.out(rows.length === 0 ? 'None.' : table(['', 'TYPE', 'TO', 'EVENT'], rows))
  if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
}
