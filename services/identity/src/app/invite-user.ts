import { FrontdeskError } from '@frontdesk/errors'
import { notFound } from '../domain/refusals.ts'
import type { Audit, NewInvitation, Randomness, Sources, UserStore } from './ports.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly users: Pick<UserStore, 'find' | 'invite'>
  readonly randomness: Pick<Randomness, 'invitationToken'>
  readonly audit: Audit
}

const invitationMs = 72 * 60 * 60 * 1_000

/** Invites a user anew, to set another password. */
export function inviteUser({ users, randomness, audit, now }: Dependencies) {
  return async (userId: string, by: string): Promise<NewInvitation> => {
    const user = (await users.find({ userId })) ?? notFound('user')
    if (user.disabledAt)
      throw new FrontdeskError('failed_precondition', { publicMessage: 'The user is disabled: no invitation of theirs is taken.' })
    const invitation = newInvitation(randomness, now())
    await users.invite(user.id, invitation)
    audit.record('invitation', 'created', { userId, by })
    return invitation
  }
}

export function newInvitation(randomness: Pick<Randomness, 'invitationToken'>, createdAt: Date): NewInvitation {
  return { token: randomness.invitationToken(), createdAt, expiresAt: new Date(createdAt.getTime() + invitationMs) }
}
