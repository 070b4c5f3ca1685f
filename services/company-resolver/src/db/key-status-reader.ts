import { acrossCompanies, type Database } from '@frontdesk/database'
import type { KeyEncryption } from '@frontdesk/vault'
import { asc, count } from 'drizzle-orm'
import type { KeyStatusReader } from '../app/key-ports.ts'
import { newestRotations, toKeyRotation } from './key-rotation-table.ts'
import { connections } from './schema/connections.ts'
import { dataKeys } from './schema/data-keys.ts'
import { staleByCompany } from './sealed-connections.ts'

const rotationsShown = 10

/** Makes the reader over all companies' keys. */
export function createKeyStatusReader(database: Database, keyEncryption: Pick<KeyEncryption, 'currentKekId'>): KeyStatusReader {
  return {
    async read() {
      const [currentKekId, counts, [connected], stale, rotations] = await Promise.all([
        keyEncryption.currentKekId(),
        acrossCompanies('the operator looks at the keys of all companies', () => countsOf(database.orm)),
        acrossCompanies('the operator counts what is sealed', () => database.orm.select({ found: count() }).from(connections)),
        staleByCompany(database, 'all'),
        newestRotations(database.orm, rotationsShown),
      ])
      const connectionsOnOldKey = [...stale.values()].reduce((sum, found) => sum + found, 0)
      return {
        currentKekId,
        dataKeys: counts,
        connectionsOnActiveKey: (connected?.found ?? 0) - connectionsOnOldKey,
        connectionsOnOldKey,
        rotations: rotations.map(toKeyRotation),
      }
    },
  }
}

function countsOf(orm: Database['orm']) {
  const { kekId, state } = dataKeys
  return orm.select({ kekId, state, count: count() }).from(dataKeys).groupBy(kekId, state).orderBy(asc(kekId), asc(state))
}
