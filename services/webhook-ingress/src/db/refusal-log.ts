import type { Database } from '@frontdesk/database'
import type { Logger } from '@frontdesk/telemetry'
import type { RefusalLog } from '../app/ports.ts'
import { refusals } from './schema/refusals.ts'

type Row = typeof refusals.$inferInsert

/** How many different refusals one second may leave in the database; a flood beyond it is in the metrics alone. */
const kindsPerFlush = 200
const flushIntervalMs = 1_000

/** Writes refusals once a second, alike ones as one row, so that a flood of them costs the database next to nothing. */
export function createRefusalLog(database: Database, logger: Logger): RefusalLog & AsyncDisposable {
  let pending = new Map<string, Row>()

  async function flush(): Promise<void> {
    if (pending.size === 0) return
    const rows = [...pending.values()]
    pending = new Map()
    try {
      await database.orm.insert(refusals).values(rows)
    } catch (error) {
      logger.warn({ err: error, refusals: rows.length }, 'refusals could not be written')
    }
  }

  let flushing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    flushing = flushing.then(flush)
  }, flushIntervalMs)
  timer.unref()

  return {
    record({ provider, connectionId, code, address = '', at }) {
      const key = `${provider}\n${connectionId ?? ''}\n${code}\n${address}`
      const alike = pending.get(key)
      if (alike) alike.times += 1
      else if (pending.size < kindsPerFlush) {
        pending.set(key, { at, provider, connectionId: connectionId?.slice(0, 40) ?? null, code, address, times: 1 })
      }
    },

    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flushing
      await flush()
    },
  }
}
