import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import * as schema from '../src/db/schema/index.ts'

/** A database of the ingress's, migrated. */
export async function openMigratedDatabase() {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const { url } = starting.use(await createTestDatabase())
  await migrate(url, new URL('../drizzle', import.meta.url).pathname, telemetry)
  const database = starting.use(openDatabase({ url, companyTables: companyTablesOf(schema), telemetry }))
  const owned = starting.move()
  return { url, telemetry, database, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
