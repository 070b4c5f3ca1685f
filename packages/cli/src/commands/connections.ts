import { Connection, DirectoryServiceDefinition } from '@frontdesk/contracts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { fields, json } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Companies' own accounts with providers. */
export function connections(context: CliContext): Group {
  return {
    description: 'The companies’ own accounts with providers.',
    commands: {
      rotate: leaf(
        'Give a connection a new secret, which is asked for. The old one verifies for 24 hours more, unless it is revoked.',
        {
          connection: { type: 'positional', description: 'Connection id (con_…)', required: true },
          company: { type: 'string', description: 'Whose it is', valueHint: 'cmp_…', required: true },
          'revoke-previous': {
            type: 'boolean',
            description: 'Refuse the old secret at once; with the current secret it ends that one alone',
          },
          ...rpcArgs,
        },
        async ({ args }) => {
          const secret = await context.ask('Secret that the provider signs with: ', { hidden: true })
          const request = {
            companyId: args.company,
            connectionId: args.connection,
            secret,
            revokePrevious: args['revoke-previous'] === true,
          }
          const { connection } = await withService(context, 'company-resolver', DirectoryServiceDefinition, args, (directory) =>
            directory.rotateConnectionSecret(request),
          )
          const { connectionId, provider, secretVersion } = connection ?? {}
          context.out(
            args.json
              ? json({ connection: connection && Connection.toJSON(connection) })
              : fields({ Connection: connectionId, Provider: provider, 'Secret version': String(secretVersion) }),
          )
        },
      ),
    },
  }
}
