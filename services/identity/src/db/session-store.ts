import { type Database, type Transaction, withTransaction } from '@frontdesk/database'
import { and, eq, gt, isNull, lt } from 'drizzle-orm'
import type { SecondFactorProof, SessionStore } from '../app/ports.ts'
import type { Session } from '../domain/session.ts'
import { digestOf } from './digest.ts'
import { recoveryCodes } from './schema/recovery-codes.ts'
import { secondFactors } from './schema/second-factors.ts'
import { sessions } from './schema/sessions.ts'
import { users } from './schema/users.ts'

/** Makes the store of logins. */
export function createSessionStore(database: Database): SessionStore {
  return {
    async begin(session, token, { passwordHash, proof, previousToken }) {
      return withTransaction(database, async (tx) => {
        if (!(await isAccountStill(tx, session.userId, passwordHash))) return false
        if (proof && !(await useProof(tx, session, proof))) return false
        if (previousToken) await revokeByToken(tx, previousToken, session.createdAt)
        await insertSession(tx, session, token)
        return true
      })
    },

    async find(token) {
      const [row] = await sessionByToken(database.orm, token)
      return row && toSession(row)
    },

    async touch(sessionId, at) {
      await database.orm
        .update(sessions)
        .set({ seenAt: at })
        .where(and(eq(sessions.sessionId, sessionId), lt(sessions.seenAt, at)))
    },

    revoke: (token, at) => withTransaction(database, (tx) => revokeByToken(tx, token, at)),
    revokeAll: (userId, at) => withTransaction(database, (tx) => revokeSessions(tx, userId, at)),
  }
}

export function sessionByToken(orm: Database['orm'], token: string) {
  return orm
    .select()
    .from(sessions)
    .where(eq(sessions.tokenDigest, digestOf('session', token)))
}

/** Locks the account: while a login is hashed its password may change or its user be disabled, which ends no session that begins after. */
async function isAccountStill(tx: Transaction, userId: string, passwordHash: string): Promise<boolean> {
  const live = and(eq(users.userId, userId), isNull(users.disabledAt))
  const [row] = await tx.orm.select({ passwordHash: users.passwordHash }).from(users).where(live).for('update')
  return row?.passwordHash === passwordHash
}

/** Begins a session inside a commit of more. */
export async function insertSession(tx: Transaction, { id: sessionId, ...rest }: Session, token: string): Promise<void> {
  await tx.orm.insert(sessions).values({ ...rest, sessionId, tokenDigest: digestOf('session', token) })
}

/** Ends a session; false if it had ended. */
export async function revokeSession(tx: Transaction, sessionId: string, at: Date): Promise<boolean> {
  const [{ affectedRows }] = await tx.orm
    .update(sessions)
    .set({ revokedAt: at })
    .where(and(eq(sessions.sessionId, sessionId), isNull(sessions.revokedAt)))
  return affectedRows === 1
}

/** Ends all sessions of a user that are live; how many. */
export async function revokeSessions(tx: Transaction, userId: string, at: Date): Promise<number> {
  const [{ affectedRows }] = await tx.orm
    .update(sessions)
    .set({ revokedAt: at })
    .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt), gt(sessions.expiresAt, at)))
  return affectedRows
}

async function revokeByToken(tx: Transaction, token: string, at: Date): Promise<void> {
  await tx.orm
    .update(sessions)
    .set({ revokedAt: at })
    .where(and(eq(sessions.tokenDigest, digestOf('session', token)), isNull(sessions.revokedAt)))
}

/** One statement decides: of all that use the same proof at once, one changes its row. */
async function useProof(tx: Transaction, { userId, createdAt }: Session, proof: SecondFactorProof): Promise<boolean> {
  return proof.kind === 'totp' ? useStep(tx, userId, proof.step) : useRecoveryCode(tx, userId, proof.code, createdAt)
}

/** Uses a recovery code; false if it was used, or is none. */
export async function useRecoveryCode(session: Pick<Transaction, 'orm'>, userId: string, code: string, at: Date): Promise<boolean> {
  const [{ affectedRows }] = await session.orm.update(recoveryCodes).set({ usedAt: at }).where(unusedCode(userId, code))
  return affectedRows === 1
}

/** Uses a time step of the factor in force; false if it, or a later one, was used. */
export async function useStep(session: Pick<Transaction, 'orm'>, userId: string, step: number): Promise<boolean> {
  const [{ affectedRows }] = await session.orm
    .update(secondFactors)
    .set({ lastStep: step })
    .where(and(eq(secondFactors.userId, userId), lt(secondFactors.lastStep, step)))
  return affectedRows === 1
}

export function unusedCode(userId: string, code: string) {
  return and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.codeDigest, recoveryDigest(userId, code)), isNull(recoveryCodes.usedAt))
}

/** However it is typed: without hyphens and blanks, in capitals. */
export function recoveryDigest(userId: string, code: string): Buffer {
  return digestOf('recovery', userId, code.replaceAll(/[\s-]/g, '').toUpperCase())
}

function toSession(row: typeof sessions.$inferSelect): Session {
  const { sessionId: id, userId, client, secondFactor, createdAt, seenAt, expiresAt, revokedAt } = row
  return { id, userId, client, secondFactor, createdAt, seenAt, expiresAt, revokedAt: revokedAt ?? undefined }
}
