import { FrontdeskError } from '@frontdesk/errors'
import { loginRefused } from '../domain/refusals.ts'
import { newSession } from '../domain/session.ts'
import type { Attempts } from './attempts.ts'
import type { LoggedIn } from './log-in.ts'
import type { Audit, Randomness, SecondFactorStore, Sources, Totp } from './ports.ts'
import type { UseSession } from './use-session.ts'

interface Dependencies extends Sources {
  readonly open: UseSession
  readonly factors: Pick<SecondFactorStore, 'findProposed' | 'confirm'>
  readonly totp: Pick<Totp, 'stepOf'>
  readonly randomness: Randomness
  readonly attempts: Attempts
  readonly audit: Audit
}

/** Long enough to fetch one's phone; a picture of an older QR code is good for nothing. */
const proposalMs = 30 * 60_000

/** Puts the proposed second factor into force by a code of it, and rotates the session. */
export function confirmSecondFactor({ open, factors, totp, randomness, attempts, audit, now, newId }: Dependencies) {
  return async (command: { sessionToken: string; totpCode: string; address: string }): Promise<LoggedIn & { recoveryCodes: string[] }> => {
    const { session: before, record } = await open(command.sessionToken)
    const { user } = record
    await attempts.count(user.email, command.address)
    const at = now()
    const secret = await factors.findProposed(user.id, new Date(at.getTime() - proposalMs))
    if (secret === undefined) throw nothingProposed()
    const step = totp.stepOf(command.totpCode, secret, at)
    if (step === undefined) {
      audit.record('second_factor', 'wrong_code', { userId: user.id, address: command.address })
      throw loginRefused('wrong_code')
    }
    const recoveryCodes = randomness.recoveryCodes()
    const token = randomness.sessionToken()
    const session = newSession({ id: newId('ses'), userId: user.id, client: before.client, secondFactor: true, createdAt: at })
    if (!(await factors.confirm({ before, secret, step, recoveryCodes, session, token }))) throw nothingProposed()
    await attempts.forget(user.email)
    audit.record('second_factor', 'confirmed', { userId: user.id })
    return { session, token, user: { ...user, secondFactor: true }, recoveryCodes }
  }
}

function nothingProposed(): FrontdeskError {
  return new FrontdeskError('failed_precondition', { publicMessage: 'No second factor waits for its confirmation. Enrol one first.' })
}
