import { setTimeout as pause } from 'node:timers/promises'
import { FrontdeskError } from '@frontdesk/errors'
import type { Pool, PoolConnection } from 'mysql2/promise'

const attemptsMax = 5
const deadlock = 1213
const lockWaitTimeout = 1205

/**
 * Commits the work, READ COMMITTED; what lost a deadlock is run again.
 * @throws FrontdeskError `unavailable` if the database can't be reached or goes away; else what the work throws.
 */
export async function inTransaction<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const connection = await pool.getConnection().catch((cause: unknown) => {
      throw away(cause)
    })
    try {
      return await committed(connection, work)
    } catch (error) {
      if (isFatal(error)) throw away(error)
      if (!isContention(error) || attempt === attemptsMax) throw error
    }
    await pause(Math.random() * 20 * 2 ** attempt)
  }
}

async function committed<T>(connection: PoolConnection, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  let whole = false
  try {
    await connection.query('set transaction isolation level read committed')
    await connection.beginTransaction()
    const result = await work(connection)
    await connection.commit()
    whole = true
    return result
  } catch (error) {
    whole = await connection.rollback().then(
      () => true,
      () => false,
    )
    throw error
  } finally {
    // One that could not even roll back must not be the next one's.
    if (whole) connection.release()
    else connection.destroy()
  }
}

function away(cause: unknown): FrontdeskError {
  return new FrontdeskError('unavailable', { publicMessage: 'The subscriber’s database can not be reached.', cause })
}

function isFatal(error: unknown): boolean {
  return error instanceof Error && 'fatal' in error && error.fatal === true
}

function isContention(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && (error.errno === deadlock || error.errno === lockWaitTimeout)
}
