import { randomBytes } from 'node:crypto'
import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { fixedKeyRing, type KeyRing, parseKeyRing } from '@frontdesk/vault'
import { createCompany } from '../src/app/create-company.ts'
import { createCompanyRepository } from '../src/db/company-repository.ts'
import { createJournal } from '../src/db/journal.ts'
import * as schema from '../src/db/schema/index.ts'
import { createSealing } from '../src/db/sealing.ts'
import type { Author, DirectoryChange } from '../src/domain/directory-change.ts'

/** Who makes the changes of a test. */
export const author: Author = { caller: 'test', actor: 'usr_1' }

/** A database of the resolver's, migrated, with a way to put companies into it. */
export async function openMigratedDatabase() {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const { url } = starting.use(await createTestDatabase())
  await migrate(url, new URL('../drizzle', import.meta.url).pathname, telemetry)
  const database = starting.use(openDatabase({ url, companyTables: companyTablesOf(schema), telemetry }))
  const sealing = await createSealing(database, fixedKeyRing(newRing('test')), () => new Date())
  const told: DirectoryChange[] = []
  const journal = createJournal({ now: () => new Date(), newId, tell: async (_tx, changes) => void told.push(...changes) })
  const companies = createCompanyRepository(database, journal)
  async function aCompany() {
    const companyId = vouchForCompanyId(newId('cmp'))
    const create = createCompany({ companies, now: () => new Date(), newId, newCompanyId: () => companyId })
    await create({ name: 'Salon', timeZone: 'UTC' }, author)
    return companyId
  }
  const owned = starting.move()
  return { url, telemetry, database, ...sealing, journal, told, companies, aCompany, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** A key ring of fresh keys with these ids. */
export function newRing(...ids: string[]): KeyRing {
  return parseKeyRing(ids.map((id) => `${id}:${randomBytes(32).toString('base64')}`).join(','))
}
