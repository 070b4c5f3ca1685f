import { deriveEventId } from '@frontdesk/contracts'
import { createTestDatabase } from '@frontdesk/testing'
import { createPool } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { mysqlInbox } from './mysql-inbox.ts'
import { mysqlInboxTables } from './mysql-tables.ts'
import type { InboxKey } from './store.ts'

test('what comes again changes something all the same, so that its acks wait for the disk', async () => {
  await using database = await createTestDatabase()
  await using started = new AsyncDisposableStack()
  const pool = createPool({ uri: database.url, connectionLimit: 1 })
  started.defer(() => pool.end())
  for (const table of mysqlInboxTables) await pool.query(table)
  const keyOf = (seed: string): InboxKey => ({
    id: deriveEventId([seed]),
    revision: 1,
    type: 'frontdesk.call.ended.v1',
    companyId: undefined,
    attempts: 1,
  })
  const batch = [keyOf('a'), keyOf('b')]
  const taken: InboxKey[] = []
  const once = () =>
    mysqlInbox(pool).once('theirs', batch, (_, fresh) => {
      taken.push(...fresh)
      return Promise.resolve()
    })
  const claims = async () => JSON.stringify((await pool.query('select claim from frontdesk_inbox order by event_id'))[0])

  await once()
  const before = await claims()
  await once()
  expect(await claims()).not.toBe(before)
  expect(taken).toEqual(batch)

  const bury = () => mysqlInbox(pool).bury('theirs', [{ ...keyOf('c'), envelope: '{}', payload: Buffer.from(''), error: 'no' }])
  await bury()
  const buried = await claims()
  await bury()
  expect(await claims()).not.toBe(buried)
})
