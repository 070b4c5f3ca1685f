import type { Telemetry } from '@frontdesk/telemetry'
import type { ConnectionPool, PoolOptions } from './pool.ts'

/** Accounts for a pool: connections by state, callers waiting, refused, and how long they waited. */
export function measurePool(
  { metrics }: Telemetry,
  database: string,
  counts: () => ConnectionPool['counts'],
): Pick<PoolOptions, 'onRefused' | 'onAcquired'> {
  metrics.gauge('database_connections', 'Connections of the pool by state.', ['database', 'state'], (gauge) => {
    const { inUse, idle } = counts()
    gauge.set({ database, state: 'in_use' }, inUse)
    gauge.set({ database, state: 'idle' }, idle)
  })
  metrics.gauge('database_waiting', 'Callers that wait for a connection.', ['database'], (gauge) => {
    gauge.set({ database }, counts().waiting)
  })
  const refused = metrics.counter('database_refused_total', 'Callers that got no connection.', ['database', 'reason'])
  const waited = metrics.histogram('database_acquire_seconds', 'How long callers waited for a connection.', ['database'])
  return {
    onRefused: (reason) => refused.inc({ database, reason }),
    onAcquired: (waitedMs) => waited.observe({ database }, waitedMs / 1_000),
  }
}
