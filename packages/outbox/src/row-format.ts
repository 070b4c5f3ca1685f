import { alterTable, type Database, openDatabase, withDatabaseLock } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'

/** What is copied within seconds; a larger outbox is its operator's to convert, in a quiet hour. */
const rowsMostCopied = 100_000
const lockWaitMs = 60_000

/**
 * Gives the outbox the row format that keeps room for a column of fixed length that is null, so that the mark of a published row is written
 * in place; a mark is right in any format, and only dearer. For after a migration: drizzle-kit has no word for it, and a migration that copied a large table
 * while others write to it could neither be broken off nor taken up again. Never fails a release.
 * @see https://dev.mysql.com/doc/refman/8.4/en/innodb-row-format.html
 */
export async function keepRoomForMarks(url: string, telemetry: Telemetry, rowsMost: number = rowsMostCopied): Promise<void> {
  const { logger } = telemetry
  // Its lock's, one to look with, and one beside the pool.
  await using database = openDatabase({ url, poolSize: 2, companyTables: new Set(), telemetry })
  try {
    await withDatabaseLock(
      database,
      'outbox-row-format',
      async (lost) => {
        if (await hasRoom(database)) return
        if (await hasMoreThan(database, rowsMost)) {
          logger.warn(
            { rowsMost },
            'the outbox is too large to be converted on the way, its marks cost more: ALTER TABLE outbox ROW_FORMAT=REDUNDANT',
          )
        } else await alterTable(database, 'alter table outbox row_format = redundant', lost)
      },
      { waitMs: lockWaitMs },
    )
  } catch (error) {
    logger.warn({ err: error }, 'the outbox could not be converted, its marks cost more; the next migration tries again')
  }
}

async function hasRoom(database: Database): Promise<boolean> {
  const { rows } = await database.execute(
    "select row_format as format from information_schema.tables where table_schema = database() and table_name = 'outbox'",
    [],
  )
  return String(rows[0]?.['format']).toLowerCase() === 'redundant'
}

async function hasMoreThan(database: Database, count: number): Promise<boolean> {
  const { rows } = await database.execute('select id from outbox limit 1 offset ?', [count])
  return rows.length > 0
}
