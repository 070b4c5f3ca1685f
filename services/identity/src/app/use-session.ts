import { sessionOver } from '../domain/refusals.ts'
import { isLive, seenEveryMs, type Session } from '../domain/session.ts'
import type { LoginRecord, SessionStore, Sources, UserStore } from './ports.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly users: Pick<UserStore, 'findLogin'>
  readonly sessions: Pick<SessionStore, 'find' | 'touch'>
}

/** A live session with its user. */
export interface UsedSession {
  readonly session: Session
  readonly record: LoginRecord
}

/** @throws FrontdeskError token_invalid for a session that is over, revoked or unknown, or whose user is disabled. */
export function useSession({ users, sessions, now }: Dependencies) {
  return async (token: string): Promise<UsedSession> => {
    const at = now()
    const session = await sessions.find(token)
    if (!session || !isLive(session, at)) throw sessionOver()
    const record = await users.findLogin({ userId: session.userId })
    if (!record || record.user.disabledAt) throw sessionOver()
    if (at.getTime() - session.seenAt.getTime() >= seenEveryMs) await sessions.touch(session.id, at)
    return { session, record }
  }
}

export type UseSession = ReturnType<typeof useSession>
