import { setTimeout as wait } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { rowsBefore } from './million-rows.ts'

/** What the ledger holds, read past the service. */
export interface LedgerCheck extends AsyncDisposable {
  /** Resolves once all that was accepted is published, too; with how long that took. */
  published(): Promise<number>
  /** Events and bodies that came after the first million. */
  added(): Promise<{ readonly events: number; readonly deliveries: number }>
}

const publishedWithinMs = 60_000

export async function openLedgerCheck(mysqlUrl: string): Promise<LedgerCheck> {
  const connection = await createConnection(mysqlUrl)
  return {
    async published() {
      const begun = performance.now()
      while ((await count(connection, "outbox where stream_seq is null and stream = 'INGRESS'")) > 0) {
        if (performance.now() - begun > publishedWithinMs) throw new Error(`not all is published after ${publishedWithinMs / 1_000} s`)
        await wait(10)
      }
      return performance.now() - begun
    },
    async added() {
      const [events, deliveries] = [await count(connection, 'events'), await count(connection, 'deliveries')]
      return { events: events - rowsBefore, deliveries: deliveries - rowsBefore }
    },
    [Symbol.asyncDispose]: () => connection.end(),
  }
}

async function count(connection: Connection, what: string): Promise<number> {
  const [rows] = await connection.query(`select count(*) as n from ${what}`)
  return Number((rows as { n: unknown }[])[0]?.n)
}
