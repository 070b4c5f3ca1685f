import type { FieldPacket } from 'mysql2'

/** The driver's two kinds of result: rows with their fields, or the header of a write. */
export type DriverResult = [result: unknown, fields: FieldPacket[]]
