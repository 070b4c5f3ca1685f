import { alterTable, type Database } from '@frontdesk/database'
import { type DayPartition, parsePartition } from '../domain/day-partitions.ts'

/** Takes what is later than all days that are there, so that no delivery is ever refused for its time. */
const rest = 'rest'

/** The days that `deliveries` has a partition for. */
export async function bodyPartitions(database: Database): Promise<DayPartition[]> {
  const { rows } = await database.execute(
    `select partition_name as name from information_schema.partitions
     where table_schema = database() and table_name = 'deliveries' and partition_name is not null`,
    [],
  )
  return rows.flatMap((row) => parsePartition(String(row['name'])) ?? [])
}

/**
 * Splits the days off the rest, which is empty unless nobody has done so for weeks. Else its rows are copied, and whatever
 * writes bodies waits for as long as that takes.
 */
export async function addBodyPartitions(database: Database, days: readonly DayPartition[], signal: AbortSignal): Promise<void> {
  if (days.length === 0) return
  const parts = days.map(({ name, end }) => `partition ${name} values less than ('${end.toISOString().slice(0, 10)} 00:00:00')`)
  await alter(database, `reorganize partition ${rest} into (${parts.join(', ')}, partition ${rest} values less than (maxvalue))`, signal)
}

/** Forgets the bodies of these days: files are deleted, and no row is read. */
export async function dropBodyPartitions(database: Database, days: readonly DayPartition[], signal: AbortSignal): Promise<void> {
  if (days.length === 0) return
  await alter(database, `drop partition ${days.map(({ name }) => name).join(', ')}`, signal)
}

/** No limit may end it in the middle: it would begin anew each time, and never come to its end. */
async function alter(database: Database, change: string, signal: AbortSignal): Promise<void> {
  await alterTable(database, `alter table deliveries ${change}`, signal)
}
