import { randomBytes } from 'node:crypto'
import { type AccountServiceClient, ClientKind, type UserServiceClient } from '@frontdesk/contracts'
import { generateSync } from 'otplib'
import { type Canary, textCanaries } from './canary.ts'

export interface Accounts {
  readonly accounts: AccountServiceClient
  readonly users: UserServiceClient
}

/** A person with a second factor who has logged in and out, and everything secret that identity told on the way. */
export async function plantPerson({ accounts, users }: Accounts, companyId: string): Promise<{ userId: string; canaries: Canary[] }> {
  const password = randomBytes(24).toString('base64url')
  const email = `${randomBytes(6).toString('hex')}@salon.example`
  const { user, invitation } = await users.createUser({ email, name: 'Ada', companyIds: [companyId] })
  const userId = user?.userId ?? ''
  const invitationToken = invitation?.invitationToken ?? ''
  await accounts.acceptInvitation({ invitationToken, password })
  const { session: first } = await accounts.logIn({ email, password, client: ClientKind.CLI })
  const sessionToken = first?.sessionToken ?? ''
  const { otpauthUri } = await accounts.enrolSecondFactor({ sessionToken, password })
  const totpSecret = new URL(otpauthUri).searchParams.get('secret') ?? ''
  const totpCode = generateSync({ secret: totpSecret })
  const { session: second, recoveryCodes } = await accounts.confirmSecondFactor({ sessionToken, totpCode })
  const [used = '', ...unused] = recoveryCodes
  const { session: third } = await accounts.logIn({
    email,
    password,
    secondFactor: { $case: 'recoveryCode', value: used },
    client: ClientKind.CLI,
    previousSessionToken: second?.sessionToken ?? '',
  })
  const lastToken = third?.sessionToken ?? ''
  const { token } = await accounts.issueUserToken({ sessionToken: lastToken, audience: ['booking', 'company-resolver'] })
  await accounts.logOut({ sessionToken: lastToken })
  const { invitation: again } = await users.inviteUser({ userId })
  const secrets: Record<string, string> = {
    password,
    invitation: invitationToken,
    'second invitation': again?.invitationToken ?? '',
    'first session': sessionToken,
    'second session': second?.sessionToken ?? '',
    'last session': lastToken,
    'authenticator secret': totpSecret,
    'used recovery code': used,
    'unused recovery code': unused[0] ?? '',
    'recovery code without hyphens': unused[1]?.replaceAll('-', '') ?? '',
    // Only its end: tokens all begin alike.
    'user token': token.slice(-40),
  }
  return { userId, canaries: Object.entries(secrets).flatMap(([name, secret]) => textCanaries(name, secret)) }
}
