import { bytesText, instant } from '@frontdesk/database'
import { bigint, mysqlTable } from 'drizzle-orm/mysql-core'
import type { ActivationAct } from '../../domain/model-activation.ts'

/** Which model came into force when, and by whom: one row for each change, never changed. The newest one's model stands in `directory_state`. */
export const modelActivations = mysqlTable('model_activations', {
  sequence: bigint('sequence', { mode: 'bigint', unsigned: true }).autoincrement().primaryKey(),
  version: bytesText('version', 64).notNull(),
  previousVersion: bytesText('previous_version', 64).notNull(),
  act: bytesText('act', 16).$type<ActivationAct>().notNull(),
  activatedBy: bytesText('activated_by', 255).notNull(),
  activatedAt: instant('activated_at').notNull(),
})
