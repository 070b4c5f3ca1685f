import { acrossCompanies, type Database, isDuplicateKey, type Transaction, withTransaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import type { Vault } from '@frontdesk/vault'
import { and, eq, gt, isNull } from 'drizzle-orm'
import type { LoginRecord, NewInvitation, UserStore } from '../app/ports.ts'
import type { User } from '../domain/user.ts'
import { digestOf } from './digest.ts'
import { invitations } from './schema/invitations.ts'
import { memberships } from './schema/memberships.ts'
import { secondFactors } from './schema/second-factors.ts'
import { users } from './schema/users.ts'
import { secretPlace } from './second-factor-store.ts'
import { revokeSessions } from './session-store.ts'

type Orm = Database['orm']

/** Makes the store of accounts. */
export function createUserStore(database: Database, vault: Vault): UserStore {
  async function read(by: { email: string } | { userId: string }): Promise<LoginRecord | undefined> {
    const [found] = await accountBy(database.orm, by)
    // Asked for nobody too, so that the time does not tell whether there is an account.
    const companies = await acrossCompanies('a login learns which companies its user acts for', () =>
      membershipsOf(database.orm, found?.user.userId ?? ''),
    )
    if (!found) return undefined
    const { user, secret } = found
    return {
      user: toUser(
        user,
        companies.map(({ companyId }) => companyId),
        secret !== null,
      ),
      passwordHash: user.passwordHash ?? undefined,
      totpSecret: secret === null ? undefined : vault.open(secret, secretPlace('secret', user.userId)),
    }
  }

  return {
    async insert(user, invitation) {
      const { id: userId, email, name, operator, createdAt, companyIds } = user
      try {
        await withTransaction(database, async (tx) => {
          await tx.orm.insert(users).values({ userId, email, name, operator, createdAt })
          if (companyIds.length > 0) await tx.orm.insert(memberships).values(companyIds.map((companyId) => ({ companyId, userId })))
          await insertInvitation(tx, userId, invitation)
        })
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw new FrontdeskError('already_exists', { publicMessage: 'This address has an account already.', cause: error })
      }
    },

    find: async (by) => (await read(by))?.user,
    findLogin: read,

    async disable(userId, at) {
      await withTransaction(database, async (tx) => {
        await tx.orm
          .update(users)
          .set({ disabledAt: at })
          .where(and(eq(users.userId, userId), isNull(users.disabledAt)))
        await tx.orm.delete(invitations).where(eq(invitations.userId, userId))
        await revokeSessions(tx, userId, at)
      })
    },

    async rehash(userId, { from, to }) {
      await database.orm
        .update(users)
        .set({ passwordHash: to })
        .where(and(eq(users.userId, userId), eq(users.passwordHash, from)))
    },

    async invite(userId, invitation) {
      await withTransaction(database, async (tx) => {
        await tx.orm.delete(invitations).where(eq(invitations.userId, userId))
        await insertInvitation(tx, userId, invitation)
      })
    },

    async findInvited(token, now) {
      const [row] = await database.orm.select({ userId: invitations.userId }).from(invitations).where(liveInvitation(token, now))
      const record = row && (await read(row))
      return record && !record.user.disabledAt ? record.user : undefined
    },

    async acceptInvitation(token, passwordHash, now) {
      return withTransaction(database, async (tx) => {
        const live = liveInvitation(token, now)
        const [row] = await tx.orm.select({ userId: invitations.userId }).from(invitations).where(live)
        if (!row) return false
        // Whoever deletes it has used it.
        const [{ affectedRows }] = await tx.orm.delete(invitations).where(live)
        if (affectedRows !== 1) return false
        await tx.orm.update(users).set({ passwordHash }).where(eq(users.userId, row.userId))
        await revokeSessions(tx, row.userId, now)
        return true
      })
    },
  }
}

export function accountBy(orm: Orm, by: { email: string } | { userId: string }) {
  return orm
    .select({ user: users, secret: secondFactors.secret })
    .from(users)
    .leftJoin(secondFactors, eq(secondFactors.userId, users.userId))
    .where('email' in by ? eq(users.email, by.email) : eq(users.userId, by.userId))
}

export function membershipsOf(orm: Orm, userId: string) {
  return orm.select({ companyId: memberships.companyId }).from(memberships).where(eq(memberships.userId, userId))
}

function liveInvitation(token: string, now: Date) {
  return and(eq(invitations.tokenDigest, digestOf('invitation', token)), gt(invitations.expiresAt, now))
}

async function insertInvitation(tx: Transaction, userId: string, { token, createdAt, expiresAt }: NewInvitation): Promise<void> {
  await tx.orm.insert(invitations).values({ tokenDigest: digestOf('invitation', token), userId, createdAt, expiresAt })
}

function toUser(row: typeof users.$inferSelect, companyIds: string[], secondFactor: boolean): User {
  const { userId: id, email, name, operator, createdAt, disabledAt } = row
  return { id, email, name, operator, createdAt, companyIds: companyIds.toSorted(), secondFactor, disabledAt: disabledAt ?? undefined }
}
