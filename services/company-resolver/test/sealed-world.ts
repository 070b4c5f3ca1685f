import { randomBytes } from 'node:crypto'
import { newId } from '@frontdesk/contracts'
import { type Database, withTransaction } from '@frontdesk/database'
import type { KeyRing } from '@frontdesk/vault'
import { createVault } from '@frontdesk/vault'
import { connections } from '../src/db/schema/connections.ts'
import { companies as companiesTable } from '../src/db/schema/companies.ts'
import { secretPlace } from '../src/db/mapping.ts'
import type { Sealing } from '../src/db/sealing.ts'

/** A connection's secrets in clear, as everybody has to read them, whatever is rotated meanwhile. */
export interface Clear {
  readonly companyId: string
  readonly connectionId: string
  readonly current: string
  readonly previous: string
}

/** Companies with connections, some sealed by the ring itself, as before there were data keys, and the others under data keys. */
export async function makeSealedWorld(
  database: Database,
  { keys }: Pick<Sealing, 'keys'>,
  ring: KeyRing,
  { companies, legacyCompanies, connectionsOfEach }: { companies: number; legacyCompanies: number; connectionsOfEach: number },
): Promise<Clear[]> {
  const old = createVault({ keys: ring })
  const legacyPlace = (column: 'current_secret' | 'previous_secret', { companyId, connectionId }: Clear) => {
    const place = secretPlace(column, connectionId)
    return { ...place, row: `${companyId}/${place.row}` }
  }
  const companyIds = Array.from({ length: companies }, () => newId('cmp'))
  await database.orm
    .insert(companiesTable)
    .values(companyIds.map((companyId) => ({ companyId, name: 'Salon', timeZone: 'UTC', createdAt: new Date() })))
  const made = await Promise.all(
    companyIds.map(async (companyId, index) => {
      const clear = Array.from({ length: connectionsOfEach }, (): Clear => {
        const [current, previous] = [`current-${randomBytes(12).toString('hex')}`, `previous-${randomBytes(12).toString('hex')}`]
        return { companyId, connectionId: newId('con'), current, previous }
      })
      await withTransaction(database, async (tx) => {
        const held = index < legacyCompanies ? undefined : await keys.hold(tx, companyId)
        const seal = (column: 'current_secret' | 'previous_secret', text: string, of: Clear) =>
          held ? held.sealer.seal(text, secretPlace(column, of.connectionId)) : old.seal(text, legacyPlace(column, of))
        await tx.orm.insert(connections).values(
          clear.map((of, at) => ({
            companyId,
            connectionId: of.connectionId,
            provider: 'calcom',
            currentSecret: seal('current_secret', of.current, of),
            previousSecret: seal('previous_secret', of.previous, of),
            previousUntil: new Date(Date.now() + 24 * 60 * 60 * 1_000),
            secretVersion: 2,
            secretCursor: 1_000_000n + BigInt(index * connectionsOfEach + at),
          })),
        )
      })
      return clear
    }),
  )
  return made.flat()
}
