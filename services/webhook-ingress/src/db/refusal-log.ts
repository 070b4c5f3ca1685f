import type { Database } from '@frontdesk/database'
import type { Logger } from '@frontdesk/telemetry'
import type { RefusalLog } from '../app/ports.ts'
import { pathEndToKeep } from '../domain/delivery.ts'
import { refusals } from './schema/refusals.ts'

type Row = typeof refusals.$inferInsert

/**
 * How many different refusals one second may leave in the database, of paths that name a connection of ours or none, and of
 * made-up ones: so a flood of the latter, beyond which only metrics tell of it, hides no secret that is set wrong.
 */
const kindsPerFlush = 100
/** As long as an IPv6 address gets; what a trusted proxy passes on may be anything. */
const addressLength = 45
const flushIntervalMs = 1_000

/** Writes refusals once a second, alike ones as one row, so that a flood of them costs the database next to nothing. */
export function createRefusalLog(
  database: Database,
  logger: Logger,
  isConnection: (connectionId: string) => boolean,
): RefusalLog & AsyncDisposable {
  const none = () => ({ ours: new Map<string, Row>(), madeUp: new Map<string, Row>() })
  let pending = none()

  async function flush(): Promise<void> {
    const rows = [...pending.ours.values(), ...pending.madeUp.values()]
    if (rows.length === 0) return
    pending = none()
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
      const kinds = connectionId === undefined || isConnection(connectionId) ? pending.ours : pending.madeUp
      const pathEnd = connectionId === undefined ? null : pathEndToKeep(connectionId)
      const row = { provider, connectionId: pathEnd, code, address: address.slice(0, addressLength) }
      const key = JSON.stringify(row)
      const alike = kinds.get(key)
      if (alike) alike.times += 1
      else if (kinds.size < kindsPerFlush) kinds.set(key, { ...row, at, times: 1 })
    },

    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await flushing
      await flush()
    },
  }
}
