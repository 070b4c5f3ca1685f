import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'

const duplicateKey = 1062
const deadlock = 1213
const lockWaitTimeout = 1205
/** max_statement_time of MariaDB, max_execution_time of MySQL. */
const statementTimeouts = new Set([1969, 3024])
/** No room for the transaction's locks: the server rolls all of it back, as for a deadlock. */
const lockTableFull = 1206
/** What the server has too little of, or is in the middle of, and not what the statement asks for. */
const passingTroubles = new Set(
  [
    [1040, 1203, 1226], // too many connections
    [1053, 1079], // shutting down
    [1317, 1927], // killed: the query, its connection
    [1290, 1792, 1836], // read-only after a failover
    [1021, 1114], // the disk, or a table, is full
    [1037, 1041, 1135], // out of memory or threads
    [lockTableFull, 1637], // too many locks, too many transactions
    [1461, 1615], // too many prepared statements; one was outdated by a DDL
  ].flat(),
)
/** Too long (1406), out of range (1264), not an instant or a number (1292), not of the column's kind (1366). */
const valuesThatDoNotFit = new Set([1406, 1264, 1292, 1366])
/** What a repeated DDL says: there already (1050, 1060, 1061, 1022, 1826), gone already (1051, 1091). */
const alreadyDone = new Set([1050, 1060, 1061, 1022, 1826, 1051, 1091])
/** For any cause; the engine's number follows in the text. MariaDB's 1826: a foreign key of that name is there (121). */
const cannotCreate = 1005

/** The server's own error number in the error or in one of its causes. */
function findErrno(error: unknown, wanted: (errno: number, message: string) => boolean): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 10; current = current.cause, depth++) {
    if ('errno' in current && typeof current.errno === 'number' && wanted(current.errno, current.message)) return true
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

/** Whether a DDL statement failed because it had been run before. */
export function isAlreadyDone(error: unknown): boolean {
  return findErrno(error, (errno, message) => alreadyDone.has(errno) || (errno === cannotCreate && message.includes('errno: 121')))
}

/** Whether the transaction is over with this error, whatever the work makes of it. */
export function endsTransaction(error: unknown): boolean {
  return error instanceof ConnectionLostError || findErrno(error, (errno) => errno === deadlock || errno === lockTableFull)
}

/** Whether the connection was lost: of what was under way on it nobody knows what came of it. */
export function isConnectionLost(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 10; current = current.cause, depth++) {
    if (current instanceof ConnectionLostError) return true
  }
  return false
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
  if (findErrno(error, (errno) => valuesThatDoNotFit.has(errno))) {
    return new FrontdeskError('invalid_argument', {
      publicMessage: 'A value can’t be stored: it is too long, out of range or of another kind.',
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
