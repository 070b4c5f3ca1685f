import type { Bus } from '@frontdesk/bus'
import type { Database } from '@frontdesk/database'
import { withDatabaseLock } from '@frontdesk/database'
import type { Telemetry } from '@frontdesk/telemetry'
import type { PendingRow } from './pending-row.ts'
import { pendingRowOf } from './pending-row.ts'
import type { Publisher } from './publisher.ts'
import { forgetRows } from './positions.ts'
import { dueIds, rowsById } from './waiting.ts'

interface SweeperOptions {
  readonly database: Database
  readonly bus: Pick<Bus, 'status'>
  readonly publisher: Publisher
  readonly telemetry: Telemetry
  readonly source: string
  readonly intervalMs: number
  readonly clock: () => Date
}

/** Publishes the unpublished rows whose time has come, as the one that holds the database's lock. */
export interface Sweeper extends AsyncDisposable {
  /** Sweeps until nothing is due; undefined if another process is at it, else how many rows it published. */
  sweep(): Promise<number | undefined>
}

const rowsPerSweep = 256

/** A sweeper that looks every interval while there is a broker; disposing ends the sweep in hand after its batch. */
export function startSweeper(options: SweeperOptions): Sweeper {
  const { database, bus, publisher, telemetry, source, intervalMs, clock } = options
  const stopping = new AbortController()

  /** What is due of those that were looked at. */
  async function nextDue(): Promise<{ readonly looked: number; readonly rows: PendingRow[] }> {
    const ids = (await dueIds(database.orm, clock(), rowsPerSweep)).map(({ id }) => id)
    const rows = await rowsById(database.orm, ids)
    const standNowhere = rows.filter(({ publishedAt, streamSeq }) => publishedAt !== null && streamSeq === null)
    // As a release before left them; they would be looked at for ever.
    await forgetRows(
      database,
      standNowhere.map(({ id }) => id),
    )
    // The relay may have published one since.
    const due = rows.filter(({ publishedAt }) => publishedAt === null)
    return { looked: ids.length, rows: due.map((row) => pendingRowOf(row, source)) }
  }

  async function sweepWhileLeading(leading: AbortSignal): Promise<number> {
    let published = 0
    while (!leading.aborted && !stopping.signal.aborted && bus.status() === 'connected') {
      // A batch must be marked before the next one is read.
      const { looked, rows } = await nextDue()
      if (rows.length > 0) {
        const result = await publisher.publish(rows, 'sweeper')
        await publisher.record([result])
        published += result.published.length
        if (result.away > 0) break
      }
      if (looked < rowsPerSweep) break
    }
    return published
  }

  function sweep(): Promise<number | undefined> {
    return withDatabaseLock(database, 'outbox-sweep', sweepWhileLeading, { waitMs: 0 })
  }

  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> = Promise.resolve()

  async function tick(): Promise<void> {
    try {
      const published = bus.status() === 'connected' ? await sweep() : 0
      if (published) telemetry.logger.info({ published }, 'swept events that the relay had left')
    } catch (error) {
      telemetry.logger.warn({ err: error }, 'the sweep failed, the next one tries again')
    }
    if (!stopping.signal.aborted) schedule()
  }

  function schedule(): void {
    timer = setTimeout(() => {
      sweeping = tick()
    }, intervalMs)
    timer.unref()
  }
  schedule()

  return {
    sweep,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      clearTimeout(timer)
      await sweeping
    },
  }
}
