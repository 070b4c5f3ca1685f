import { customType } from 'drizzle-orm/mysql-core'

/** The SHA-256 of a secret that has at least 128 bits of its own. */
export const digest = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'binary(32)' })

/** What the vault sealed. */
export const sealed = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'varbinary(1024)' })
