import { FrontdeskError } from '@frontdesk/errors'
import { checkNewPassword } from '../domain/password.ts'
import type { Audit, PasswordHasher, Sources, UserStore } from './ports.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly users: Pick<UserStore, 'findInvited' | 'acceptInvitation'>
  readonly passwords: PasswordHasher
  readonly audit: Audit
}

/** Sets the password of a user who was invited. */
export function acceptInvitation({ users, passwords, audit, now }: Dependencies) {
  return async (command: { invitationToken: string; password: string }): Promise<void> => {
    const user = await users.findInvited(command.invitationToken, now())
    if (!user) throw notValid()
    const hash = await passwords.hash(checkNewPassword(command.password, user.email))
    if (!(await users.acceptInvitation(command.invitationToken, hash, now()))) throw notValid()
    audit.record('invitation', 'accepted', { userId: user.id })
  }
}

function notValid(): FrontdeskError {
  return new FrontdeskError('token_invalid', { publicMessage: 'The invitation was used, or is over. Ask for a new one.' })
}
