import { types as utilTypes } from 'node:util'
import mysql from 'mysql2'

// Node finds no named export of it in mysql2's CommonJS.
const { TypedParameter } = mysql

/** What a `?` may stand for. An integer travels as BIGINT, any other number as DOUBLE, a Date as UTC. */
export type SqlValue = string | number | bigint | boolean | Date | Uint8Array | null

/** A row by column name: BIGINT is a number while it is a safe integer and a string above, DECIMAL and JSON are strings, DATETIME a Date in UTC. */
export type SqlRow = Record<string, unknown>

/** What one statement did: rows matched (not only changed), the first generated id (0 if none), and the rows it read. */
export interface SqlResult {
  readonly affectedRows: number
  readonly insertId: bigint
  readonly rows: readonly SqlRow[]
}

const longestSignedBigint = 2n ** 63n - 1n

/**
 * The value as mysql2 shall send it. Its own defaults send integers as DOUBLE and bigints as text, which compare
 * inexactly with a BIGINT column, and plain Uint8Arrays as text in the connection's character set.
 * @throws TypeError for what is no SqlValue: JSON, for one, has to be made text first.
 */
export function toDriverValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (Number.isSafeInteger(value)) return TypedParameter.LONGLONG(value)
      if (Number.isFinite(value)) return value
      break
    case 'bigint':
      return value > longestSignedBigint ? TypedParameter.LONGLONG.unsigned(value) : TypedParameter.LONGLONG(value)
    case 'object':
      if (value === null || utilTypes.isDate(value) || Buffer.isBuffer(value)) return value
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      break
    default:
  }
  throw new TypeError(`a statement's parameter can't be ${typeof value === 'number' ? String(value) : `of type ${typeof value}`}`)
}
