import { User, UserServiceDefinition } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import { leaf, type Group, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { fields, instant, json } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

type Users = RpcClient<typeof UserServiceDefinition>

const userArg = { user: { type: 'positional', description: 'User id (usr_…), or address', required: true }, ...rpcArgs } as const

/** Makes accounts, and does to them what their owners can't. */
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
      show: onUser(context, 'Show an account.', async () => ({})),
      invite: onUser(context, 'Invite a user anew, such as after a forgotten password; older invitations end.', async (service, userId) => {
        const { invitation } = await service.inviteUser({ userId })
        return { Invitation: invitation?.invitationToken, Until: instant(invitation?.expiresAt) }
      }),
      disable: onUser(context, 'Refuse a user’s logins from now on, and end the sessions.', async (service, userId) => {
        await service.disableUser({ userId })
        return {}
      }),
      'revoke-sessions': onUser(context, 'End the sessions of a user.', async (service, userId) => {
        const { revoked } = await service.revokeSessions({ userId })
        return { Revoked: String(revoked) }
      }),
      'reset-second-factor': onUser(context, 'Forget a lost second factor, and end the sessions.', async (service, userId) => {
        await service.resetSecondFactor({ userId })
        return {}
      }),
    },
  }
}

/** A command on one account, which shows the account after it, and what else it says. */
function onUser(
  context: CliContext,
  description: string,
  work: (service: Users, userId: string) => Promise<Readonly<Record<string, string | undefined>>>,
): Leaf {
  return leaf(description, userArg, async ({ args }) => {
    const { user, said } = await withService(context, 'identity', UserServiceDefinition, args, async (service) => {
      const by = args.user.includes('@') ? { email: args.user } : { userId: args.user }
      const userId = (await service.getUser(by)).user?.userId ?? ''
      const done = await work(service, userId)
      return { user: (await service.getUser({ userId })).user, said: done }
    })
    const { userId, email, name, companyIds = [], operator, secondFactor, disabledAt } = user ?? {}
    const companies = operator ? 'all' : companyIds.join(', ')
    const account = { User: userId, Email: email, Name: name, Companies: companies, 'Second factor': secondFactor ? 'yes' : 'no' }
    context.out(
      args.json
        ? json({ user: user && User.toJSON(user), ...lowerCased(said) })
        : fields({ ...account, Disabled: instant(disabledAt), ...said }),
    )
  })
}

const lowerCased = (said: object) => Object.fromEntries(Object.entries(said).map(([name, value]) => [name.toLowerCase(), value]))
