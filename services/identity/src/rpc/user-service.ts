import type { UserServiceImplementation } from '@frontdesk/contracts'
import { callerOf, requireCompany } from '@frontdesk/rpc'
import type { createUser } from '../app/create-user.ts'
import type { inviteUser } from '../app/invite-user.ts'
import type { Audit, SecondFactorStore, SessionStore, SigningKeyStore, UserStore } from '../app/ports.ts'
import type { rotateSigningKey } from '../app/rotate-signing-key.ts'
import { notFound } from '../domain/refusals.ts'
import { verifyingAt } from '../domain/signing-key.ts'
import { normalizeEmail, type User } from '../domain/user.ts'
import { fromUserId, toInvitationMessage, toSigningKeyMessage, toUserMessage } from './convert.ts'

export interface UserServiceDependencies {
  readonly users: Pick<UserStore, 'find' | 'disable'>
  readonly sessions: Pick<SessionStore, 'revokeAll'>
  readonly factors: Pick<SecondFactorStore, 'reset'>
  readonly keys: Pick<SigningKeyStore, 'list'>
  readonly createUser: ReturnType<typeof createUser>
  readonly inviteUser: ReturnType<typeof inviteUser>
  readonly rotateSigningKey: ReturnType<typeof rotateSigningKey>
  readonly audit: Audit
  readonly now: () => Date
}

/** `frontdesk.identity.v1.UserService`; who may call it is the wiring's affair. */
export function createUserService(deps: UserServiceDependencies): UserServiceImplementation {
  const { users, sessions, factors, keys, audit, now } = deps
  const found = async (userId: string): Promise<User> => (await users.find({ userId: fromUserId(userId) })) ?? notFound('user')

  return {
    async createUser({ email, name, companyIds, operator }, context) {
      const own = companyIds.map((companyId) => requireCompany(context, companyId))
      const { user, invitation } = await deps.createUser({ email, name, operator, companyIds: own, by: who(context) })
      return { user: toUserMessage(user), invitation: toInvitationMessage(invitation) }
    },

    async getUser({ userId, email }) {
      if (email === '') return { user: toUserMessage(await found(userId)) }
      return { user: toUserMessage((await users.find({ email: normalizeEmail(email) })) ?? notFound('user')) }
    },

    async inviteUser({ userId }, context) {
      return { invitation: toInvitationMessage(await deps.inviteUser(fromUserId(userId), who(context))) }
    },

    async disableUser({ userId }, context) {
      const { id } = await found(userId)
      await users.disable(id, now())
      audit.record('user', 'disabled', { userId, by: who(context) })
      return { user: toUserMessage(await found(userId)) }
    },

    async revokeSessions({ userId }, context) {
      const { id } = await found(userId)
      const revoked = await sessions.revokeAll(id, now())
      audit.record('sessions', 'revoked', { userId, by: who(context) })
      return { revoked }
    },

    async resetSecondFactor({ userId }, context) {
      const { id } = await found(userId)
      await factors.reset(id, now())
      audit.record('second_factor', 'reset', { userId, by: who(context) })
      return { user: toUserMessage(await found(userId)) }
    },

    async rotateSigningKey(_request, context) {
      return { signingKey: toSigningKeyMessage(await deps.rotateSigningKey(who(context))) }
    },

    async listSigningKeys() {
      return { signingKeys: verifyingAt(await keys.list(), now()).map(toSigningKeyMessage) }
    },
  }
}

function who(context: object): string {
  const { actor, caller } = callerOf(context)
  return actor ?? caller
}
