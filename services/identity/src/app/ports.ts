import type { ClientKind, Session } from '../domain/session.ts'
import type { SigningKey } from '../domain/signing-key.ts'
import type { ThrottleRule, ThrottleScope } from '../domain/throttle.ts'
import type { User } from '../domain/user.ts'

/** What a login is checked against. */
export interface LoginRecord {
  readonly user: User
  readonly passwordHash: string | undefined
  /** The secret of the second factor in force. */
  readonly totpSecret: string | undefined
}

/** The accounts. */
export interface UserStore {
  /** @throws FrontdeskError already_exists if the address has an account. */
  insert(user: User, invitation: NewInvitation): Promise<void>
  find(by: { email: string } | { userId: string }): Promise<User | undefined>
  findLogin(by: { email: string } | { userId: string }): Promise<LoginRecord | undefined>
  /** Refuses logins from now on, and ends the sessions. */
  disable(userId: string, at: Date): Promise<void>
  /** A better hash of the same password; without effect if it was changed meanwhile. */
  rehash(userId: string, hash: { from: string; to: string }): Promise<void>
  /** Makes an invitation, and ends those before it. */
  invite(userId: string, invitation: NewInvitation): Promise<void>
  findInvited(token: string, now: Date): Promise<User | undefined>
  /** Uses the invitation and sets the password, in one commit that ends the sessions; false if it was used, or is over. */
  acceptInvitation(token: string, passwordHash: string, now: Date): Promise<boolean>
}

/** An invitation before it is kept, as its digest. */
export interface NewInvitation {
  readonly token: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

/** The proof of a second factor; each is good for one login. */
export type SecondFactorProof = { readonly kind: 'totp'; readonly step: number } | { readonly kind: 'recovery'; readonly code: string }

/** The logins. */
export interface SessionStore {
  /**
   * Begins a session in one commit with the use of its proof, and with the end of the session before.
   * @returns false, and nothing has happened, if the proof was used before or is none, or the user is disabled or has another password by now.
   */
  begin(
    session: Session,
    token: string,
    options: { passwordHash: string; proof: SecondFactorProof | undefined; previousToken: string | undefined },
  ): Promise<boolean>
  find(token: string): Promise<Session | undefined>
  /** Notes the use. */
  touch(sessionId: string, at: Date): Promise<void>
  revoke(token: string, at: Date): Promise<void>
  /** How many were live. */
  revokeAll(userId: string, at: Date): Promise<number>
}

/** Second factors. */
export interface SecondFactorStore {
  /** Keeps a secret that is not in force yet; a later one takes its place. */
  propose(userId: string, secret: string, at: Date): Promise<void>
  /** The secret that was proposed after then. */
  findProposed(userId: string, since: Date): Promise<string | undefined>
  /**
   * Puts the proposed secret into force with new recovery codes, ends the user's sessions and begins the given one, in one commit.
   * @returns false if that secret is not the proposed one any more, or the session that asks has ended.
   */
  confirm(change: {
    before: Session
    secret: string
    step: number
    recoveryCodes: readonly string[]
    session: Session
    token: string
  }): Promise<boolean>
  /** Whether it is an unused recovery code of the user; asked of nobody too. */
  hasRecoveryCode(userId: string | undefined, code: string): Promise<boolean>
  /** Uses the step of the factor in force; false if it, or a later one, was used. */
  useStep(userId: string, step: number): Promise<boolean>
  /** Uses a recovery code; false if it was used, or is none. */
  useRecoveryCode(userId: string, code: string, at: Date): Promise<boolean>
  /** Forgets factor and codes, and ends the sessions. */
  reset(userId: string, at: Date): Promise<void>
}

/** Counts attempts for all replicas. */
export interface Throttle {
  /** Counts an attempt before it is made; how long to wait if it is one too many, else 0. */
  count(scope: ThrottleScope, subject: string, rule: ThrottleRule): Promise<number>
  /** Forgets the attempts at an account after one that succeeded. */
  forget(scope: ThrottleScope, subject: string): Promise<void>
}

/** argon2id. */
export interface PasswordHasher {
  hash(password: string): Promise<string>
  /** Takes as long for no hash as for a wrong password. */
  verify(password: string, hash: string | undefined): Promise<boolean>
  isOutdated(hash: string): boolean
}

/** RFC 6238. */
export interface Totp {
  newSecret(): string
  /** The time step that the code is for; undefined if it is not the code of now. Takes as long without a secret. */
  stepOf(code: string, secret: string | undefined, now: Date): number | undefined
  uri(email: string, secret: string): string
  qrSvg(uri: string): string
}

/** Opaque secrets that nobody can guess. */
export interface Randomness {
  sessionToken(): string
  invitationToken(): string
  /** Ten of at least 128 bits. */
  recoveryCodes(): string[]
}

/** What a caller token says. */
export interface TokenClaims {
  readonly caller: string
  readonly audience: readonly string[]
  readonly companies: readonly string[] | 'all'
  readonly actor: string | undefined
}

/** Signs caller tokens by the key of now. */
export interface TokenSigner {
  sign(claims: TokenClaims): Promise<{ token: string; expiresAt: Date }>
}

/** Our signing keys, shared by all replicas. */
export interface SigningKeyStore {
  list(): Promise<SigningKey[]>
  /** Makes a key, ends the others, unless `decide` says, under a lock over all replicas, that none is to be made. */
  rotate(decide: (keys: readonly SigningKey[]) => { signsFrom: Date; othersVerifyUntil: Date } | undefined): Promise<SigningKey | undefined>
}

/** What a service's credential is good for. */
export interface ServiceGrant {
  readonly caller: string
  /** The services that its tokens may be for. */
  readonly audiences: readonly string[]
  /** Whether its tokens may be for all companies, rather than for those that each names. */
  readonly allCompanies: boolean
}

/** The credentials that were given to services. */
export interface ServiceCredentials {
  /** Whose credential it is, and what for. */
  grantOf(credential: string): Promise<ServiceGrant | undefined>
}

/** Whom it happened to, and by whom. */
interface AuditDetails {
  readonly userId?: string | undefined
  readonly client?: ClientKind
  readonly address?: string
  /** The service whose credential it was. */
  readonly caller?: string
  /** Who administered: the person, or the caller where that is all that is known. */
  readonly by?: string
}

/** What happened to an account or a credential, for the log and the metrics. */
export interface Audit {
  record(event: string, outcome: string, details: AuditDetails): void
}

/** Where time and new ids come from. */
export interface Sources {
  readonly now: () => Date
  readonly newId: (prefix: 'usr' | 'ses') => string
}
