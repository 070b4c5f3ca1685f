import type { CompanyId } from '@frontdesk/contracts'
import { newUser, type User } from '../domain/user.ts'
import { newInvitation } from './invite-user.ts'
import type { Audit, NewInvitation, Randomness, Sources, UserStore } from './ports.ts'

interface Dependencies extends Sources {
  readonly users: Pick<UserStore, 'insert'>
  readonly randomness: Pick<Randomness, 'invitationToken'>
  readonly audit: Audit
}

/** Makes an account without a password, and the invitation that sets one. */
export function createUser({ users, randomness, audit, now, newId }: Dependencies) {
  return async (command: {
    email: string
    name: string
    companyIds: readonly CompanyId[]
    operator: boolean
    by: string
  }): Promise<{ user: User; invitation: NewInvitation }> => {
    const user = newUser({ ...command, id: newId('usr'), createdAt: now() })
    const invitation = newInvitation(randomness, now())
    await users.insert(user, invitation)
    audit.record('user', 'created', { userId: user.id, by: command.by })
    return { user, invitation }
  }
}
