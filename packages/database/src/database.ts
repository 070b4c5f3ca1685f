import type { Telemetry } from '@frontdesk/telemetry'
import { Connection, type ConnectionSettings } from './connection.ts'
import { createGuard, type Guard } from './guard/guard.ts'
import { ConnectionPool } from './pool.ts'
import { measurePool } from './pool-metrics.ts'
import { createSession, type SqlSession } from './session.ts'

/** How a service uses its database; times in ms. */
export interface DatabaseOptions {
  /** mysql://user:password@host:port/name */
  readonly url: string
  /** Connections at most; 10 when left out. */
  readonly poolSize?: number
  /** Callers that may wait for a connection; the next one is refused at once. 200 when left out. */
  readonly queueLimit?: number
  /** How long a caller waits for a connection, the opening of one included; 1500 when left out. */
  readonly acquireTimeoutMs?: number
  /** When the server ends a statement; 5000 when left out. */
  readonly statementTimeoutMs?: number
  /** Tables of which a statement must name the company, as from companyTablesOf. */
  readonly companyTables: ReadonlySet<string>
  readonly telemetry: Telemetry
}

/**
 * A service's database; outside of a transaction each statement takes a connection of its own. Disposing waits for what is
 * under way, at most for one statement's time.
 */
export interface Database extends SqlSession, AsyncDisposable {
  readonly name: string
  /**
   * Asks whether the server answers, a busy pool or not.
   * @throws FrontdeskError unavailable
   */
  ping(): Promise<void>
}

interface Internals {
  readonly pool: ConnectionPool
  /** Opens a connection beside the pool, whose statements have no time limit. */
  readonly openUnhurried: () => Promise<Connection>
  readonly guard: Guard
  readonly telemetry: Telemetry
}

const internals = new WeakMap<Database, Internals>()

/** Opens a database; the first connection is made when it is needed. */
export function openDatabase(options: DatabaseOptions): Database {
  const { url, poolSize = 10, queueLimit = 200, acquireTimeoutMs = 1_500, statementTimeoutMs = 5_000, companyTables, telemetry } = options
  const name = databaseNameOf(url)
  const settings = { url, connectTimeoutMs: acquireTimeoutMs, statementTimeoutMs }
  const metrics = measurePool(telemetry, name, () => pool.counts)
  const pool = new ConnectionPool({ open: () => Connection.open(settings), size: poolSize, queueLimit, acquireTimeoutMs, ...metrics })
  const guard = createGuard({ companyTables, telemetry })

  async function borrow<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await pool.acquire()
    try {
      return await work(connection)
    } finally {
      void pool.release(connection)
    }
  }

  const database: Database = {
    name,
    ...createSession(async (statement) => {
      const { leavesTraces } = guard.check(statement, 'data')
      return borrow((connection) => {
        connection.dirty ||= leavesTraces
        return connection.execute(statement)
      })
    }),
    ping: () => (pool.isExhausted ? probe(settings) : borrow((connection) => connection.ping())),
    [Symbol.asyncDispose]: () => pool.close(statementTimeoutMs),
  }
  const openUnhurried = () => Connection.open({ ...settings, statementTimeoutMs: 0 })
  internals.set(database, { pool, openUnhurried, guard, telemetry })
  return database
}

/** What the other parts of this package need of a database that openDatabase made. */
export function internalsOf(database: Database): Internals {
  const found = internals.get(database)
  if (!found) throw new TypeError('not a database of openDatabase()')
  return found
}

/** A busy pool is not a database that is away; a probe that fails with it would take a loaded process out of service. */
async function probe(settings: ConnectionSettings): Promise<void> {
  const connection = await Connection.open(settings)
  await connection.end()
}

function databaseNameOf(url: string): string {
  const name = decodeURIComponent(new URL(url).pathname.slice(1))
  if (name === '') throw new TypeError('the database URL has no database in its path')
  return name
}
