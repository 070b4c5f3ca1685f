import { type EventId, eventIdFromBytes, eventIdToBytes } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { customType, datetime } from 'drizzle-orm/mysql-core'

const eventIdColumn = customType<{ data: EventId; driverData: Buffer }>({
  dataType: () => 'binary(32)',
  toDriver: eventIdToBytes,
  fromDriver: eventIdFromBytes,
})

const printableAscii = /^[ -~]*$/

const typeIdColumn = customType<{ data: string; driverData: string }>({
  dataType: () => 'varchar(40) character set ascii collate ascii_bin',
  toDriver(id) {
    // The server would fail the statement for an illegal mix of collations.
    if (!printableAscii.test(id)) throw new FrontdeskError('invalid_argument', { publicMessage: 'An id has ASCII characters only.' })
    return id
  },
})

const bytesTextColumn = customType<{ data: string; driverData: Buffer; config: { length: number }; configRequired: true }>({
  dataType: ({ length }) => `varbinary(${length})`,
  toDriver: (text) => Buffer.from(text, 'utf8'),
  fromDriver: (bytes) => bytes.toString('utf8'),
})

const mediumBytesColumn = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'mediumblob' })

const jsonColumn = customType<{ data: unknown; driverData: string }>({
  dataType: () => 'json',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (text) => JSON.parse(text) as unknown,
})

/** An event id, 64 hex digits here and BINARY(32) there. */
export function eventId(name: string) {
  return eventIdColumn(name)
}

/** A TypeID such as `cmp_…`: VARCHAR(40) in ASCII, compared by its bytes. */
export function typeId(name: string) {
  return typeIdColumn(name)
}

/** Text of at most so many bytes of UTF-8, VARBINARY: differs as soon as one byte does, trailing spaces too. */
export function bytesText(name: string, length: number) {
  return bytesTextColumn(name, { length })
}

/** At most 16 MB of bytes, MEDIUMBLOB. */
export function mediumBytes(name: string) {
  return mediumBytesColumn(name)
}

/** An instant in UTC to the millisecond: a Date here, DATETIME(3) there. */
export function instant(name: string) {
  return datetime(name, { mode: 'date', fsp: 3 })
}

/** A JSON value; give its shape with `$type`. Drizzle's own gives text back where the server has no JSON type. */
export function json(name: string) {
  return jsonColumn(name)
}
