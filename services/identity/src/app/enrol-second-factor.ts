import { normalizePassword } from '../domain/password.ts'
import { loginRefused } from '../domain/refusals.ts'
import type { Attempts } from './attempts.ts'
import type { Audit, PasswordHasher, SecondFactorStore, Sources, Totp } from './ports.ts'
import type { UseSession } from './use-session.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly open: UseSession
  readonly factors: Pick<SecondFactorStore, 'propose' | 'useStep'>
  readonly passwords: PasswordHasher
  readonly totp: Totp
  readonly attempts: Attempts
  readonly audit: Audit
}

/** Proposes a second factor to whoever proves once more to be the user: by the password, and by the factor in force if there is one. */
export function enrolSecondFactor({ open, factors, passwords, totp, attempts, audit, now }: Dependencies) {
  return async (command: { sessionToken: string; password: string; totpCode: string; address: string }) => {
    const { record } = await open(command.sessionToken)
    const { user, passwordHash, totpSecret } = record
    await attempts.count(user.email, command.address)

    function refuse(reason: string): never {
      audit.record('second_factor', reason, { userId: user.id, address: command.address })
      throw loginRefused(reason)
    }
    if (!(await passwords.verify(normalizePassword(command.password), passwordHash))) refuse('wrong_password')
    if (totpSecret !== undefined) {
      const step = totp.stepOf(command.totpCode, totpSecret, now())
      if (step === undefined || !(await factors.useStep(user.id, step))) refuse('wrong_code')
    }
    await attempts.forget(user.email)
    const secret = totp.newSecret()
    await factors.propose(user.id, secret, now())
    const otpauthUri = totp.uri(user.email, secret)
    return { otpauthUri, qrSvg: totp.qrSvg(otpauthUri) }
  }
}
