import { readFile } from 'node:fs/promises'
import { companyTablesOf, openDatabase } from '@frontdesk/database'
import { eventually } from '@frontdesk/testing'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { openMigratedDatabase } from '../../test/migrated-database.ts'
import { bodyPartitions } from './body-partitions.ts'
import { type Keeper, startKeeper } from './keeper.ts'
import * as schema from './schema/index.ts'

const dayMs = 24 * 60 * 60 * 1_000
const retention = { bodies: 90, eventIds: 400, outbox: 14, refusals: 30 }

/** Its own first round may be at it still. */
const kept = (keeper: Keeper) => eventually(async () => expect(await keeper.keep()).toBe(true), { timeoutMs: 30_000 })

/** The rights that k8s/README has an operator give, for this database and user. */
async function documentedGrants(database: string, user: string): Promise<string[]> {
  const readme = await readFile(new URL('../../../../k8s/README.md', import.meta.url), 'utf8')
  const grants = [...readme.matchAll(/^grant .* on webhook_ingress\..*;$/gm)].map(([grant]) => grant)
  expect(grants).toHaveLength(2)
  return grants.map((grant) => grant.replace('webhook_ingress.', `${database}.`).replace("'webhook_ingress'", `'${user}'`))
}

test('with the rights that are documented for the server’s user, days are made and forgotten', async () => {
  await using migrated = await openMigratedDatabase()
  const { url, telemetry } = migrated
  const user = `keeper_${process.pid}`
  const root = await createConnection(url)
  try {
    await root.query(`create user '${user}'@'%' identified by 'secret'`)
    for (const grant of await documentedGrants(migrated.database.name, user)) await root.query(grant)
    const own = Object.assign(new URL(url), { username: user, password: 'secret' }).href
    await using database = openDatabase({ url: own, companyTables: companyTablesOf(schema), telemetry })
    let now = new Date()
    await using keeper = startKeeper({ database, telemetry, retention, clock: () => now })
    await kept(keeper)
    const before = await bodyPartitions(database)
    expect(before.length).toBeGreaterThan(30)
    now = new Date(now.getTime() + 125 * dayMs)
    await kept(keeper)
    expect(await bodyPartitions(database)).not.toEqual(expect.arrayContaining(before))
  } finally {
    await root.query(`drop user '${user}'@'%'`)
    await root.end()
  }
})

test('a keeper that was away until days had gone to the rest catches up, longer than a statement may take', async () => {
  await using migrated = await openMigratedDatabase()
  const { url, telemetry } = migrated
  await migrated.database.execute(
    `insert into deliveries (delivery_id, provider, received_at, headers, body)
     with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000)
     select concat('dlv_', a.i, '_', b.i), 'retell', utc_timestamp() - interval (a.i % 3) day, '{}', repeat('x', 2000) from n a join n b on b.i <= 50`,
    [],
  )
  await using database = openDatabase({ url, statementTimeoutMs: 200, companyTables: companyTablesOf(schema), telemetry })
  await using keeper = startKeeper({ database, telemetry, retention, clock: () => new Date() })
  await kept(keeper)
  const days = await bodyPartitions(database)
  expect(days.filter(({ end }) => end.getTime() > Date.now() + dayMs)).toHaveLength(30)
  const { rows } = await database.execute('select count(*) as kept from deliveries', [])
  expect(Number(rows[0]?.['kept'])).toBe(50_000)
}, 60_000)

test('what can not be pruned is told, and what comes after it is pruned all the same', async () => {
  await using migrated = await openMigratedDatabase()
  const { url, telemetry, database } = migrated
  await database.execute(
    "insert into refusals (at, provider, code, address, times) values ('2020-01-01', 'retell', 'signature_invalid', '127.0.0.1', 1)",
    [],
  )
  const root = await createConnection(url)
  await root.query('rename table event_revisions to away')
  await root.end()
  await using keeper = startKeeper({ database, telemetry, retention, clock: () => new Date() })
  await kept(keeper)
  expect((await database.execute('select 1 from refusals', [])).rows).toEqual([])
  expect(telemetry.lines).toContainEqual(expect.objectContaining({ level: 'error', what: 'revisions' }))
})

test('a keeper that changes the table holds up no end of its process', async () => {
  await using migrated = await openMigratedDatabase()
  const user = await createConnection(migrated.url)
  try {
    await user.beginTransaction()
    await user.query('select count(*) from deliveries')
    const { database, telemetry } = migrated
    const keeper = startKeeper({ database, telemetry, retention, clock: () => new Date() })
    await eventually(async () => {
      const { rows } = await database.execute(
        "select 1 from information_schema.processlist where db = database() and info like 'alter table%'",
        [],
      )
      expect(rows).toHaveLength(1)
    })
    const begun = performance.now()
    await keeper[Symbol.asyncDispose]()
    expect(performance.now() - begun).toBeLessThan(300)
  } finally {
    await user.end()
  }
})
