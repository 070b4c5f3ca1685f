import { isPossiblePassword, normalizePassword } from '../domain/password.ts'
import { loginRefused } from '../domain/refusals.ts'
import { type ClientKind, newSession, type Session } from '../domain/session.ts'
import { normalizeEmail, type User } from '../domain/user.ts'
import type { Attempts } from './attempts.ts'
import type {
  Audit,
  LoginRecord,
  PasswordHasher,
  Randomness,
  SecondFactorProof,
  SecondFactorStore,
  SessionStore,
  Sources,
  Totp,
  UserStore,
} from './ports.ts'

interface Dependencies extends Sources {
  readonly users: Pick<UserStore, 'findLogin' | 'rehash'>
  readonly sessions: Pick<SessionStore, 'begin'>
  readonly passwords: PasswordHasher
  readonly totp: Pick<Totp, 'stepOf'>
  readonly factors: Pick<SecondFactorStore, 'hasRecoveryCode'>
  readonly randomness: Pick<Randomness, 'sessionToken'>
  readonly attempts: Attempts
  readonly audit: Audit
}

/** What a person enters. */
export interface LoginCommand {
  readonly email: string
  readonly password: string
  readonly secondFactor: { readonly totpCode: string } | { readonly recoveryCode: string } | undefined
  readonly client: ClientKind
  readonly address: string
  readonly previousToken: string | undefined
}

/** A login's session, and the token that stands for it. */
export interface LoggedIn {
  readonly session: Session
  readonly token: string
  readonly user: User
}

/**
 * Begins a session. Everything is checked whatever was wrong before it, so that neither the answer nor its time tells
 * whether the account exists, or which part was wrong.
 */
export function logIn(deps: Dependencies) {
  const { users, sessions, passwords, randomness, attempts, audit, now, newId } = deps
  return async (command: LoginCommand): Promise<LoggedIn> => {
    const email = normalizeEmail(command.email)
    await attempts.count(email, command.address)
    const record = await users.findLogin({ email })
    const passwordFits = await passwords.verify(possible(command.password), record?.passwordHash)
    const at = now()
    const proof = await proofOf(deps, command.secondFactor, record, at)

    function refuse(reason: string): never {
      audit.record('login', reason, { userId: record?.user.id, client: command.client, address: command.address })
      throw loginRefused(reason)
    }
    if (!record) return refuse('unknown_account')
    const { user, totpSecret, passwordHash } = record
    if (!passwordFits || passwordHash === undefined) return refuse('wrong_password')
    if (user.disabledAt) return refuse('disabled')
    const hasFactor = totpSecret !== undefined
    if (hasFactor ? !proof : command.secondFactor) return refuse('wrong_code')

    const token = randomness.sessionToken()
    const session = newSession({ id: newId('ses'), userId: user.id, client: command.client, secondFactor: hasFactor, createdAt: at })
    const began = await sessions.begin(session, token, {
      passwordHash,
      proof: hasFactor ? proof : undefined,
      previousToken: command.previousToken,
    })
    if (!began) return refuse('used_code')
    await attempts.forget(email)
    if (passwords.isOutdated(passwordHash)) {
      await users.rehash(user.id, { from: passwordHash, to: await passwords.hash(possible(command.password)) })
    }
    audit.record('login', 'ok', { userId: user.id, client: command.client, address: command.address })
    return { session, token, user }
  }
}

/** What is too long for a password is not hashed, and fits nobody. */
function possible(password: string): string {
  return isPossiblePassword(password) ? normalizePassword(password) : ''
}

async function proofOf(
  { totp, factors }: Pick<Dependencies, 'totp' | 'factors'>,
  given: LoginCommand['secondFactor'],
  record: LoginRecord | undefined,
  at: Date,
): Promise<SecondFactorProof | undefined> {
  const step = totp.stepOf(given && 'totpCode' in given ? given.totpCode : '', record?.totpSecret, at)
  if (!given || 'totpCode' in given) return step === undefined ? undefined : { kind: 'totp', step }
  const { recoveryCode: code } = given
  return (await factors.hasRecoveryCode(record?.user.id, code)) ? { kind: 'recovery', code } : undefined
}
