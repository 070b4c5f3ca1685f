import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'

const duplicateKey = 1062
const deadlock = 1213
const lockWaitTimeout = 1205
/** max_statement_time of MariaDB, max_execution_time of MySQL. */
const statementTimeouts = new Set([1969, 3024])
/** Too many connections (1040, 1203, 1226), shutting down (1053, 1079), killed (1927), read-only after a failover (1290, 1792, 1836). */
const passingTroubles = new Set([1040, 1203, 1226, 1053, 1079, 1927, 1290, 1792, 1836])

/** The server's own error number in the error or in one of its causes. */
function findErrno(error: unknown, wanted: (errno: number) => boolean): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 10; current = current.cause, depth++) {
    if ('errno' in current && typeof current.errno === 'number' && wanted(current.errno)) return true
  }
  return false
}

/** Whether a unique key refused a row (1062), in the error or in one of its causes. */
export function isDuplicateKey(error: unknown): boolean {
  return findErrno(error, (errno) => errno === duplicateKey)
}

/** Whether the server ended the transaction to break a deadlock (1213). */
export function isDeadlock(error: unknown): boolean {
  return findErrno(error, (errno) => errno === deadlock)
}

/** Whether a row lock was not to be had in time (1205). */
export function isLockWaitTimeout(error: unknown): boolean {
  return findErrno(error, (errno) => errno === lockWaitTimeout)
}

/** A failure that ended its connection. */
export class ConnectionLostError extends FrontdeskError {
  constructor(cause: unknown) {
    super('unavailable', {
      publicMessage: 'The database is not available. Try again.',
      detail: `connection lost: ${messageOf(cause)}`,
      cause,
      retryAfterMs: 1_000,
    })
  }
}

/** `unavailable`, for a caller who could not be given a connection. */
export function unavailable(detail: string, cause?: unknown): FrontdeskError {
  return new FrontdeskError('unavailable', { publicMessage: 'The database is busy. Try again.', detail, cause, retryAfterMs: 1_000 })
}

/** The driver's error in our terms; one that concerns the statement itself stays as it is, with `errno` and `code`. */
export function toDatabaseError(error: unknown): unknown {
  if (isFrontdeskError(error) || !(error instanceof Error)) return error
  if ('fatal' in error && error.fatal) return new ConnectionLostError(error)
  if (findErrno(error, (errno) => statementTimeouts.has(errno))) {
    return new FrontdeskError('deadline_exceeded', {
      publicMessage: 'The database took too long. Try again.',
      detail: messageOf(error),
      cause: error,
    })
  }
  return findErrno(error, (errno) => passingTroubles.has(errno)) ? unavailable(messageOf(error), error) : error
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
