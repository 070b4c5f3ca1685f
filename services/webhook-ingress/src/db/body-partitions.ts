import type { SessionConnection } from '@frontdesk/database'
import { type DayPartition, parsePartition } from '../domain/day-partitions.ts'

/** Takes what is later than all days that are there, so that no delivery is ever refused for its time. */
const rest = 'rest'

/** The days that `deliveries` has a partition for. */
export async function bodyPartitions(connection: SessionConnection): Promise<DayPartition[]> {
  const { rows } = await connection.execute(
    `select partition_name as name from information_schema.partitions
     where table_schema = database() and table_name = 'deliveries' and partition_name is not null`,
    [],
  )
  return rows.flatMap((row) => parsePartition(String(row['name'])) ?? [])
}

/** Splits the days off the rest, which is empty unless nobody has done so for weeks. */
export async function addBodyPartitions(connection: SessionConnection, days: readonly DayPartition[]): Promise<void> {
  if (days.length === 0) return
  const parts = days.map(({ name, end }) => `partition ${name} values less than ('${end.toISOString().slice(0, 10)} 00:00:00')`)
  await alterSoon(connection, `reorganize partition ${rest} into (${parts.join(', ')}, partition ${rest} values less than (maxvalue))`)
}

/** Forgets the bodies of these days: files are deleted, and no row is read. */
export async function dropBodyPartitions(connection: SessionConnection, days: readonly DayPartition[]): Promise<void> {
  if (days.length === 0) return
  await alterSoon(connection, `drop partition ${days.map(({ name }) => name).join(', ')}`)
}

/** Everyone who writes deliveries waits behind us while we wait for who already does: so not for long, and rather again later. */
async function alterSoon(connection: SessionConnection, change: string): Promise<void> {
  await connection.execute('set session lock_wait_timeout = 1', [])
  await connection.execute(`alter table deliveries ${change}`, [])
}
