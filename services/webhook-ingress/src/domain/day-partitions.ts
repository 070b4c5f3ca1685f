const dayMs = 24 * 60 * 60 * 1_000
const form = /^p(\d{4})(\d{2})(\d{2})$/

/** A UTC day's part of a table: its name, and the instant at which the next one begins. */
export interface DayPartition {
  readonly name: string
  readonly end: Date
}

/** The part of a table that one UTC day has. */
export function partitionOf(day: Date): DayPartition {
  const start = startOfDay(day)
  return { name: `p${new Date(start).toISOString().slice(0, 10).replaceAll('-', '')}`, end: new Date(start + dayMs) }
}

/** The partition that a name stands for; undefined for a name of another form, such as that of the rest. */
export function parsePartition(name: string): DayPartition | undefined {
  const [, year, month, day] = form.exec(name) ?? []
  return year === undefined ? undefined : partitionOf(new Date(`${year}-${month}-${day}T00:00:00Z`))
}

/**
 * Which days a table lacks, and which it may forget. After a gap one partition takes all of it, up to yesterday: nothing is
 * in it but what came since the newest one.
 */
export function planPartitions(
  existing: readonly DayPartition[],
  { now, daysKept, daysAhead }: { readonly now: Date; readonly daysKept: number; readonly daysAhead: number },
): { readonly add: readonly DayPartition[]; readonly drop: readonly DayPartition[] } {
  const today = startOfDay(now)
  const newestEnd = Math.max(...existing.map(({ end }) => end.getTime()), Number.NEGATIVE_INFINITY)
  const first = Math.max(newestEnd, today - dayMs)
  const days = Math.max(0, Math.round((today - first) / dayMs) + daysAhead + 1)
  return {
    add: Array.from({ length: days }, (_, index) => partitionOf(new Date(first + index * dayMs))),
    drop: existing.filter(({ end }) => end.getTime() <= today - daysKept * dayMs),
  }
}

function startOfDay(time: Date): number {
  return Math.floor(time.getTime() / dayMs) * dayMs
}
