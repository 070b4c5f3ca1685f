import { setTimeout as wait } from 'node:timers/promises'
import { type Database, withTransaction } from '@frontdesk/database'
import { withConnection } from '@frontdesk/database/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { append, openAnother, startHarness } from '../test/harness.ts'
import { keepRoomForMarks } from './row-format.ts'
import { makeNewEvent } from './testing.ts'

/** A harness whose outbox has the server's own format, as of a release before. */
async function startBefore() {
  const harness = await startHarness()
  await withConnection(harness.database, (connection) => connection.execute('alter table outbox row_format = dynamic', []))
  return harness
}

async function tableOf(database: Database) {
  const { rows } = await database.execute(
    "select row_format as format, create_time as made from information_schema.tables where table_schema = database() and table_name = 'outbox'",
    [],
  )
  return rows[0]
}

test('an outbox is converted once, whoever asks how often, and keeps its rows', async () => {
  await using harness = await startBefore()
  await append(harness.database, harness.unpublished, [makeNewEvent(), makeNewEvent()])
  const rows = await harness.outboxRows()
  await Promise.all([1, 2, 3].map(() => keepRoomForMarks(harness.url, harness.telemetry)))
  const converted = await tableOf(harness.database)
  expect(converted).toMatchObject({ format: 'Redundant' })
  expect(await harness.outboxRows()).toEqual(rows)
  // A second later it would have another time.
  await wait(1_100)
  await keepRoomForMarks(harness.url, harness.telemetry)
  expect(await tableOf(harness.database)).toEqual(converted)
  expect(JSON.stringify(harness.telemetry.lines)).not.toContain('outbox')
})

test('a large outbox is left as it is, and the log says what to do', async () => {
  await using harness = await startBefore()
  await append(harness.database, harness.unpublished, [makeNewEvent(), makeNewEvent(), makeNewEvent()])
  await keepRoomForMarks(harness.url, harness.telemetry, 2)
  expect(await tableOf(harness.database)).toMatchObject({ format: 'Dynamic' })
  expect(JSON.stringify(harness.telemetry.lines)).toContain('ALTER TABLE outbox ROW_FORMAT=REDUNDANT')
  await keepRoomForMarks(harness.url, harness.telemetry, 3)
  expect(await tableOf(harness.database)).toMatchObject({ format: 'Redundant' })
})

test('who has the table open is waited for a second, not for ever, and the release goes on', async () => {
  await using harness = await startBefore()
  await withTransaction(harness.database, async (tx) => {
    await append(harness.database, harness.unpublished, [makeNewEvent()])
    await tx.execute('select count(*) from outbox', [])
    const begun = performance.now()
    await keepRoomForMarks(harness.url, harness.telemetry)
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
  expect(await tableOf(harness.database)).toMatchObject({ format: 'Dynamic' })
  expect(JSON.stringify(harness.telemetry.lines)).toContain('the next migration tries again')
})

test('a database without an outbox does not stop a release', async () => {
  await using testDatabase = await createTestDatabase()
  await using telemetry = createTestTelemetry()
  await keepRoomForMarks(testDatabase.url, telemetry)
  await using database = openAnother(testDatabase.url, telemetry)
  expect(await tableOf(database)).toBeUndefined()
})
