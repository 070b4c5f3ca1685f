import { LedgerServiceDefinition, Refusal } from '@frontdesk/contracts'
import { errorCode, pageArgs, pageOf, providerName, windowArgs, windowOf } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { instant, json, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Lists what the ingress refused, which is how a mis-set secret is seen. */
export function refused(context: CliContext): Leaf {
  return leaf(
    'List refused deliveries and why, the newest first; alike ones of one second are one row.',
    {
      provider: { type: 'string', description: 'Only of this provider' },
      connection: { type: 'string', description: 'Only of this connection, as it stood in the path' },
      code: { type: 'string', description: 'Only for this reason, such as signature_invalid' },
      ...windowArgs,
      ...pageArgs,
      ...rpcArgs,
    },
    async ({ args }) => {
      const { from, until } = windowOf(args, context.now())
      const request = {
        provider: providerName(args.provider),
        connectionId: args.connection ?? '',
        code: errorCode(args.code),
        refusedFrom: from,
        refusedUntil: until,
        ...pageOf(args),
      }
      const { refusals, nextPageToken } = await withService(
        context,
        'webhook-ingress',
        LedgerServiceDefinition,
        args,
        (ledger) => ledger.listRefusals(request),
        ['listRefusals'],
      )
      if (args.json) return context.out(json({ refusals: refusals.map((refusal) => Refusal.toJSON(refusal)), nextPageToken }))
      context.out(
        refusals.length === 0
          ? 'Nothing was refused.'
          : table(['REFUSED', 'TIMES', 'CODE', 'PROVIDER', 'CONNECTION', 'ADDRESS'], refusals.map(row)),
      )
      if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
    },
  )
}

function row({ at, times, code, provider, connectionId, address }: Refusal): string[] {
  return [instant(at), String(times), code, provider, connectionId || '-', address]
}
