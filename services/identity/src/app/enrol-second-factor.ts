import { normalizePassword } from '../domain/password.ts'
import { loginRefused } from '../domain/refusals.ts'
import type { Attempts } from './attempts.ts'
import type { Audit, PasswordHasher, SecondFactorStore, Sources, Totp } from './ports.ts'
import type { UseSession } from './use-session.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly open: UseSession
  readonly factors: Pick<SecondFactorStore, 'propose' | 'useStep' | 'useRecoveryCode'>
  readonly passwords: PasswordHasher
  readonly totp: Totp
  readonly attempts: Attempts
  readonly audit: Audit
}

/** What proves once more that it is the user. */
interface EnrolCommand {
  readonly sessionToken: string
  readonly password: string
  readonly totpCode: string
  /** In place of the code. */
  readonly recoveryCode: string
  readonly address: string
}

/** Proposes a second factor to whoever proves to be the user: by the password, and the factor in force, or a recovery code, if there is one. */
export function enrolSecondFactor({ open, factors, passwords, totp, attempts, audit, now }: Dependencies) {
  async function usesFactor(userId: string, secret: string, { totpCode, recoveryCode }: EnrolCommand): Promise<boolean> {
    if (recoveryCode !== '') return factors.useRecoveryCode(userId, recoveryCode, now())
    const step = totp.stepOf(totpCode, secret, now())
    return step !== undefined && (await factors.useStep(userId, step))
  }

  return async (command: EnrolCommand) => {
    const { record } = await open(command.sessionToken)
    const { user, passwordHash, totpSecret } = record
    await attempts.count(user.email, command.address)

    function refuse(reason: string): never {
      audit.record('second_factor', reason, { userId: user.id, address: command.address })
      throw loginRefused(reason)
    }
    if (!(await passwords.verify(normalizePassword(command.password), passwordHash))) refuse('wrong_password')
    if (totpSecret !== undefined && !(await usesFactor(user.id, totpSecret, command))) refuse('wrong_code')
    await attempts.forget(user.email)
    const secret = totp.newSecret()
    await factors.propose(user.id, secret, now())
    const otpauthUri = totp.uri(user.email, secret)
    return { otpauthUri, qrSvg: totp.qrSvg(otpauthUri) }
  }
}
