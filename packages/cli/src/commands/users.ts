import { User, UserServiceDefinition } from '@frontdesk/contracts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { fields, instant, json } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Makes accounts. */
export function users(context: CliContext): Group {
  return {
    description: 'The accounts of people.',
    commands: {
      create: leaf(
        'Make an account, and print its invitation: `frontdesk login --invitation …` sets the password by it.',
        {
          email: { type: 'string', description: 'The address that the user logs in with', required: true },
          name: { type: 'string', description: 'The user’s name', required: true },
          companies: { type: 'string', description: 'Company ids with commas between; none for an operator', valueHint: 'ids' },
          operator: { type: 'boolean', description: 'Acts for every company' },
          ...rpcArgs,
        },
        async ({ args }) => {
          const companyIds = (args.companies ?? '').split(',').flatMap((id) => id.trim() || [])
          const request = { email: args.email, name: args.name, companyIds, operator: args.operator === true }
          const { user, invitation } = await withService(context, 'identity', UserServiceDefinition, args, (service) =>
            service.createUser(request),
          )
          const invitationToken = invitation?.invitationToken ?? ''
          context.out(
            args.json
              ? json({ user: user && User.toJSON(user), invitationToken, expiresAt: invitation?.expiresAt })
              : fields({ User: user?.userId, Invitation: invitationToken, Until: instant(invitation?.expiresAt) }),
          )
        },
      ),
    },
  }
}
