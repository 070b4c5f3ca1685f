import { newId } from '@frontdesk/contracts'
import { companyTablesOf, type Database, migrate, openDatabase } from '@frontdesk/database'
import { explain } from '@frontdesk/database/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from './digest.ts'
import * as schema from './schema/index.ts'
import { sessionByToken } from './session-store.ts'
import { accountBy, membershipsOf } from './user-store.ts'

const owned = new AsyncDisposableStack()
let database: Database
const userIds = Array.from({ length: 1_000 }, () => newId('usr'))

/** So many rows that a plan without an index would be the dearer one. */
beforeAll(async () => {
  const telemetry = owned.use(createTestTelemetry())
  const { url } = owned.use(await createTestDatabase())
  await migrate(url, new URL('../../drizzle', import.meta.url).pathname, telemetry)
  database = owned.use(openDatabase({ url, companyTables: companyTablesOf(schema), telemetry }))
  const at = new Date()
  const { orm } = database
  await orm
    .insert(schema.users)
    .values(userIds.map((userId, index) => ({ userId, email: `u${index}@a.example`, name: 'A', operator: false, createdAt: at })))
  await orm.insert(schema.memberships).values(userIds.map((userId) => ({ userId, companyId: newId('cmp') })))
  await orm.insert(schema.secondFactors).values(userIds.map((userId) => ({ userId, lastStep: 0 })))
  await orm.insert(schema.sessions).values(
    userIds.map((userId, index) => ({
      tokenDigest: digestOf('session', String(index)),
      sessionId: newId('ses'),
      userId,
      client: 'cli' as const,
      secondFactor: true,
      createdAt: at,
      seenAt: at,
      expiresAt: at,
    })),
  )
})
afterAll(() => owned.disposeAsync())

type Query = { toSQL(): { sql: string; params: unknown[] } }

test.each<[string, (orm: Database['orm']) => Query, string[]]>([
  ['a login’s account', (orm) => accountBy(orm, { email: 'u7@a.example' }), ['users_by_email', 'PRIMARY']],
  ['a session’s account', (orm) => accountBy(orm, { userId: userIds[7] ?? '' }), ['PRIMARY', 'PRIMARY']],
  ['a user’s companies', (orm) => membershipsOf(orm, userIds[7] ?? ''), ['memberships_by_user']],
  ['a session', (orm) => sessionByToken(orm, '7'), ['PRIMARY']],
])('%s reads by its index', async (_, query, keys) => {
  const plan = await explain(database, query(database.orm))
  expect(plan.map(({ key }) => key)).toEqual(keys)
})
