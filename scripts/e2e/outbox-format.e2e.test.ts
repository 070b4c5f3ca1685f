import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { startPrivateStack } from './private-stack.ts'

test('every service’s outbox has the row format in which marks are written in place', async () => {
  await using stack = await startPrivateStack()
  const mysql = await createConnection(stack.manifest.mysql.url)
  const [tables] = await mysql.query<RowDataPacket[]>(
    "select table_schema as owner, row_format as format from information_schema.tables where table_name = 'outbox' order by owner",
  )
  await mysql.end()
  expect(tables.map((table) => ({ ...table }))).toEqual(
    ['billing', 'booking', 'company_resolver', 'messaging', 'webhook_ingress'].map((owner) => ({ owner, format: 'Redundant' })),
  )
})
