import { bytesText, instant } from '@frontdesk/database'
import { mysqlTable } from 'drizzle-orm/mysql-core'
import { sealed } from './columns.ts'

/** The keys of caller tokens, the private half sealed. */
export const signingKeys = mysqlTable('signing_keys', {
  kid: bytesText('kid', 64).primaryKey(),
  /** Base64url, 32 bytes. */
  publicX: bytesText('public_x', 43).notNull(),
  privateD: sealed('private_d').notNull(),
  createdAt: instant('created_at').notNull(),
  signsFrom: instant('signs_from').notNull(),
  verifiesUntil: instant('verifies_until'),
})
