/** What an account is used by. */
export type ClientKind = 'cli' | 'console' | 'mcp'

/** A login, until it ends. */
export interface Session {
  readonly id: string
  readonly userId: string
  readonly client: ClientKind
  /** Whether the login had a second factor; without one it can only enrol one. */
  readonly secondFactor: boolean
  readonly createdAt: Date
  readonly seenAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | undefined
}

const hourMs = 60 * 60 * 1_000
const lifetimeMs = 12 * hourMs
const idleMs = 2 * hourMs
/** Somebody without a second factor has this long to enrol one. */
const enrolmentMs = hourMs / 2
/** Use is written down this often at most. */
export const seenEveryMs = 60_000

/** A session as it begins with a login. */
export function newSession(draft: Pick<Session, 'id' | 'userId' | 'client' | 'secondFactor' | 'createdAt'>): Session {
  const endsInMs = draft.secondFactor ? lifetimeMs : enrolmentMs
  return { ...draft, seenAt: draft.createdAt, expiresAt: new Date(draft.createdAt.getTime() + endsInMs), revokedAt: undefined }
}

/** Whether it still counts: neither over, nor revoked, nor unused for too long. */
export function isLive(session: Session, now: Date): boolean {
  return !session.revokedAt && now < session.expiresAt && now.getTime() - session.seenAt.getTime() < idleMs
}
