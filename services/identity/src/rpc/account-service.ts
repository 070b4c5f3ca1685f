import type { AccountServiceImplementation, LogInRequest } from '@frontdesk/contracts'
import type { acceptInvitation } from '../app/accept-invitation.ts'
import type { confirmSecondFactor } from '../app/confirm-second-factor.ts'
import type { enrolSecondFactor } from '../app/enrol-second-factor.ts'
import type { issueUserToken } from '../app/issue-user-token.ts'
import type { LoginCommand, logIn } from '../app/log-in.ts'
import { addressOf, fromClientKindMessage, toSessionMessage } from './convert.ts'

export interface AccountServiceDependencies {
  readonly logIn: ReturnType<typeof logIn>
  readonly logOut: (sessionToken: string) => Promise<void>
  readonly issueUserToken: ReturnType<typeof issueUserToken>
  readonly acceptInvitation: ReturnType<typeof acceptInvitation>
  readonly enrolSecondFactor: ReturnType<typeof enrolSecondFactor>
  readonly confirmSecondFactor: ReturnType<typeof confirmSecondFactor>
}

/** `frontdesk.identity.v1.AccountService`. */
export function createAccountService(deps: AccountServiceDependencies): AccountServiceImplementation {
  return {
    async logIn({ email, password, client, previousSessionToken, secondFactor }, { peer }) {
      const command = {
        email,
        password,
        secondFactor: fromSecondFactor(secondFactor),
        client: fromClientKindMessage(client),
        address: addressOf(peer),
        previousToken: previousSessionToken === '' ? undefined : previousSessionToken,
      }
      return { session: toSessionMessage(await deps.logIn(command)) }
    },

    async logOut({ sessionToken }) {
      await deps.logOut(sessionToken)
      return {}
    },

    issueUserToken: (request) => deps.issueUserToken(request),

    async acceptInvitation(request) {
      await deps.acceptInvitation(request)
      return {}
    },

    enrolSecondFactor: (request, { peer }) => deps.enrolSecondFactor({ ...request, address: addressOf(peer) }),

    async confirmSecondFactor(request, { peer }) {
      const { recoveryCodes, ...loggedIn } = await deps.confirmSecondFactor({ ...request, address: addressOf(peer) })
      return { recoveryCodes, session: toSessionMessage(loggedIn) }
    },
  }
}

/** An empty code is none: a form sends its empty field. */
function fromSecondFactor(given: LogInRequest['secondFactor']): LoginCommand['secondFactor'] {
  if (!given || given.value === '') return undefined
  return given.$case === 'totpCode' ? { totpCode: given.value } : { recoveryCode: given.value }
}
