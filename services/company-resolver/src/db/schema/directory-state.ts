import { bytesText } from '@frontdesk/database'
import { bigint, mysqlTable, tinyint } from 'drizzle-orm/mysql-core'

/**
 * One row, locked by every change until its commit: versions so become visible in their order, and
 * whoever reads on from one skips none.
 */
export const directoryState = mysqlTable('directory_state', {
  id: tinyint('id').primaryKey(),
  directoryVersion: bigint('directory_version', { mode: 'bigint', unsigned: true }).notNull(),
  secretVersion: bigint('secret_version', { mode: 'bigint', unsigned: true }).notNull(),
  /** Of the model that decides; the shipped one of the release while it is null. */
  modelVersion: bytesText('model_version', 64),
})
