import { customType } from 'drizzle-orm/mysql-core'

/** What the vault sealed: at most 512 characters of secret, header and tag. */
export const sealed = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'varbinary(2300)' })
