import { ClientKind, type Session } from '@frontdesk/contracts'
import { renderUnicodeCompact } from 'uqr'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { fields, instant, json } from '../format.ts'
import { withIdentity } from '../rpc.ts'
import { readSession, removeSession, writeSession } from '../session-file.ts'
import { findAddress, type Found } from '../targets.ts'

const identityArgs = {
  address: { type: 'string', description: 'host:port of identity', valueHint: 'host:port' },
  json: { type: 'boolean', description: 'Print JSON' },
} as const

/** Logs a person in; who has no second factor yet enrols one on the way. */
export function login(context: CliContext): Leaf {
  return leaf(
    'Log in: asks for email, password and code, and keeps the session. Without a second factor it enrols one.',
    {
      ...identityArgs,
      email: { type: 'string', description: 'Whose account; asked for when left out' },
      invitation: { type: 'string', description: 'Sets the password first, by an invitation', valueHint: 'token' },
      recovery: { type: 'boolean', description: 'Use a recovery code in place of the authenticator’s' },
    },
    async ({ args }) => {
      const address = await findAddress(context, 'identity', args.address)
      const email = args.email ?? (await context.ask('Email: '))
      const password = await context.ask(args.invitation === undefined ? 'Password: ' : 'New password: ', { hidden: true })
      if (args.invitation !== undefined) {
        const invitationToken = args.invitation
        await withIdentity(address, (accounts) => accounts.acceptInvitation({ invitationToken, password }))
      }
      const begun = await begin(context, address, { email, password, recovery: args.recovery === true })
      const { session, recoveryCodes } = begun.secondFactor
        ? { session: begun, recoveryCodes: [] }
        : await enrol(context, address, { sessionToken: begun.sessionToken, password })
      const { user, expiresAt } = session
      const companies = user?.operator ? 'all' : (user?.companyIds ?? []).join(', ')
      context.out(
        args.json
          ? json({ userId: user?.userId, email, companies, expiresAt, ...(recoveryCodes.length > 0 && { recoveryCodes }) })
          : fields({ User: `${email} (${user?.userId ?? ''})`, Companies: companies, Until: instant(expiresAt) }),
      )
      if (!args.json && recoveryCodes.length > 0) {
        context.out('Recovery codes, each for one login without the authenticator. They are not shown again:')
        for (const code of recoveryCodes) context.out(`  ${code}`)
      }
      // Last, since it may fail: the codes are shown nowhere else.
      await writeSession(context, { identityAddress: address.value, sessionToken: session.sessionToken, email })
    },
  )
}

interface Credentials {
  readonly email: string
  readonly password: string
  readonly recovery: boolean
}

async function begin(context: CliContext, address: Found, { email, password, recovery }: Credentials): Promise<Session> {
  const question = recovery ? 'Recovery code: ' : 'Code of your authenticator (empty if you have none yet): '
  const code = await context.ask(question)
  const before = await readSession(context)
  const { session } = await withIdentity(address, (accounts) =>
    accounts.logIn({
      email,
      password,
      secondFactor: recovery ? { $case: 'recoveryCode', value: code } : { $case: 'totpCode', value: code },
      client: ClientKind.CLI,
      previousSessionToken: before?.identityAddress === address.value ? before.sessionToken : '',
    }),
  )
  if (!session) throw new CommandError('identity answered without a session.')
  return session
}

async function enrol(
  context: CliContext,
  address: Found,
  { sessionToken, password }: { sessionToken: string; password: string },
): Promise<{ session: Session; recoveryCodes: readonly string[] }> {
  const { otpauthUri } = await withIdentity(address, (accounts) => accounts.enrolSecondFactor({ sessionToken, password }))
  context.err('Scan this with an authenticator, or enter the secret of the address below it:')
  context.err(renderUnicodeCompact(otpauthUri))
  context.err(otpauthUri)
  const totpCode = await context.ask('Code that it shows: ')
  const { session, recoveryCodes } = await withIdentity(address, (accounts) => accounts.confirmSecondFactor({ sessionToken, totpCode }))
  if (!session) throw new CommandError('identity answered without a session.')
  return { session, recoveryCodes }
}

/** Ends the login, here and at identity. */
export function logout(context: CliContext): Leaf {
  return leaf('Log out: ends the session, and forgets it.', { json: identityArgs.json }, async ({ args }) => {
    const session = await readSession(context)
    if (session) {
      const { identityAddress, sessionToken } = session
      // Forgotten here only once identity has ended it: what is left would otherwise live on unseen.
      await withIdentity({ value: identityAddress, from: 'the login' }, (accounts) => accounts.logOut({ sessionToken }))
      await removeSession(context)
    }
    const said = session ? `${session.email} is logged out.` : 'Nobody was logged in.'
    context.out(args.json ? json({ loggedOut: session?.email ?? null }) : said)
  })
}
