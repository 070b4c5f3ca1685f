import { SigningKey, UserServiceDefinition } from '@frontdesk/contracts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { fields, instant, json, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** The keys that identity signs caller tokens with. */
export function signingKeys(context: CliContext): Group {
  return {
    description: 'The keys that identity signs caller tokens with.',
    commands: {
      list: leaf('List the keys that verify now, the newest first.', rpcArgs, async ({ args }) => {
        const { signingKeys: found } = await withService(context, 'identity', UserServiceDefinition, args, (service) =>
          service.listSigningKeys({}),
        )
        const rows = found.map(({ kid, signsFrom, verifiesUntil }) => [kid, instant(signsFrom), instant(verifiesUntil)])
        context.out(
          args.json
            ? json({ signingKeys: found.map((key) => SigningKey.toJSON(key)) })
            : table(['KEY', 'SIGNS FROM', 'VERIFIES UNTIL'], rows),
        )
      }),
      rotate: leaf(
        'Make the next key now: it signs once every verifier has read it, and the one before ends when its last token has.',
        rpcArgs,
        async ({ args }) => {
          const { signingKey } = await withService(context, 'identity', UserServiceDefinition, args, (service) =>
            service.rotateSigningKey({}),
          )
          context.out(
            args.json
              ? json({ signingKey: signingKey && SigningKey.toJSON(signingKey) })
              : fields({ Key: signingKey?.kid, 'Signs from': instant(signingKey?.signsFrom) }),
          )
        },
      ),
    },
  }
}
