import { type Database, insertedValues, withTransaction } from '@frontdesk/database'
import type { Vault } from '@frontdesk/vault'
import { and, eq, gt } from 'drizzle-orm'
import type { SecondFactorStore } from '../app/ports.ts'
import { recoveryCodes } from './schema/recovery-codes.ts'
import { secondFactors } from './schema/second-factors.ts'
import { insertSession, recoveryDigest, revokeSession, revokeSessions, unusedCode, useRecoveryCode, useStep } from './session-store.ts'

/** Where a sealed secret stands; moved to another row or column it no longer opens. */
export function secretPlace(column: 'secret' | 'proposed', userId: string) {
  return { table: 'second_factors', column, row: userId }
}

/** Makes the store of second factors. */
export function createSecondFactorStore(database: Database, vault: Vault): SecondFactorStore {
  const own = (userId: string) => eq(secondFactors.userId, userId)

  function openProposed(userId: string, proposed: Uint8Array | null | undefined): string | undefined {
    return proposed ? vault.open(proposed, secretPlace('proposed', userId)) : undefined
  }

  return {
    async propose(userId, secret, at) {
      const proposed = vault.seal(secret, secretPlace('proposed', userId))
      const { proposed: column, proposedAt } = secondFactors
      await database.orm
        .insert(secondFactors)
        .values({ userId, proposed, proposedAt: at, lastStep: 0 })
        .onDuplicateKeyUpdate({ set: insertedValues({ proposed: column, proposedAt }) })
    },

    async findProposed(userId, since) {
      const [row] = await database.orm
        .select({ proposed: secondFactors.proposed })
        .from(secondFactors)
        .where(and(own(userId), gt(secondFactors.proposedAt, since)))
      return openProposed(userId, row?.proposed)
    },

    async confirm({ before, secret, step, recoveryCodes: codes, session, token }) {
      const { userId, createdAt } = session
      return withTransaction(database, async (tx) => {
        const [row] = await tx.orm.select({ proposed: secondFactors.proposed }).from(secondFactors).where(own(userId)).for('update')
        if (openProposed(userId, row?.proposed) !== secret) return false
        if (!(await revokeSession(tx, before.id, createdAt))) return false
        await tx.orm
          .update(secondFactors)
          .set({ secret: vault.seal(secret, secretPlace('secret', userId)), proposed: null, proposedAt: null, lastStep: step })
          .where(own(userId))
        await tx.orm.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
        await tx.orm.insert(recoveryCodes).values(codes.map((code) => ({ userId, codeDigest: recoveryDigest(userId, code) })))
        await revokeSessions(tx, userId, createdAt)
        await insertSession(tx, session, token)
        return true
      })
    },

    async hasRecoveryCode(userId = '', code) {
      const [row] = await database.orm.select({ userId: recoveryCodes.userId }).from(recoveryCodes).where(unusedCode(userId, code))
      return row !== undefined
    },

    useStep: (userId, step) => useStep(database, userId, step),

    useRecoveryCode: (userId, code, at) => useRecoveryCode(database, userId, code, at),

    async reset(userId, at) {
      await withTransaction(database, async (tx) => {
        await tx.orm.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
        await tx.orm.delete(secondFactors).where(own(userId))
        await revokeSessions(tx, userId, at)
      })
    },
  }
}
