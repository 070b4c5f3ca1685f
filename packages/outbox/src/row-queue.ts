import type { PendingRow } from './pending-row.ts'

/** Rows in memory, in the order of their commits, bounded in number and in bytes. */
export interface RowQueue {
  length(): number
  /** How many of the rows, from the first on, it has taken. */
  offer(rows: readonly PendingRow[]): number
  take(limit: number): PendingRow[]
  clear(): void
}

/** An empty queue for so many rows and so many bytes of bodies. */
export function createRowQueue(limit: number, limitBytes: number): RowQueue {
  let queued: PendingRow[] = []
  let bytes = 0

  return {
    length: () => queued.length,
    offer(rows) {
      let taken = 0
      for (const row of rows) {
        const rowBytes = row.message.body.length
        if (queued.length >= limit || bytes + rowBytes > limitBytes) break
        queued.push(row)
        bytes += rowBytes
        taken++
      }
      return taken
    },
    take(most) {
      const rows = queued.splice(0, most)
      for (const row of rows) bytes -= row.message.body.length
      return rows
    },
    clear() {
      queued = []
      bytes = 0
    },
  }
}
