import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import * as schema from '../src/db/schema/index.ts'

/** A database of its own, migrated by messaging's baseline. */
export async function openMigratedDatabase() {
  await using opening = new AsyncDisposableStack()
  const { url } = opening.use(await createTestDatabase())
  const telemetry = opening.use(createTestTelemetry())
  await migrate(url, new URL('../drizzle', import.meta.url).pathname, telemetry)
  const database = opening.use(openDatabase({ url, poolSize: 20, companyTables: companyTablesOf(schema), telemetry }))
  const opened = opening.move()
  return {
    database,
    aCompany: () => vouchForCompanyId(newId('cmp')),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
