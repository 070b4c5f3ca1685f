import { bytesText, instant, json } from '@frontdesk/database'
import { bigint, index, int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'

/** The models that have decided, or could: the shipped ones, and each fit. A row never changes. */
export const models = mysqlTable(
  'models',
  {
    version: bytesText('version', 64).primaryKey(),
    createdAt: instant('created_at').notNull(),
    createdBy: bytesText('created_by', 255).notNull(),
    /** The model but for its version; `model-json.ts` says what is in it. */
    parameters: json('parameters').notNull(),
    /** The rest is a fit's: how many labels it was made of, the audits among them, and up to which review. */
    labels: int('labels', { unsigned: true }),
    audits: int('audits', { unsigned: true }),
    labelsThrough: bigint('labels_through', { mode: 'bigint', unsigned: true }),
    /** How it did beside the model that was in force. */
    trial: json('trial'),
    /** Why it did not come into force by itself. */
    objection: varchar('objection', { length: 500 }),
  },
  (table) => [index('models_by_time').on(table.createdAt, table.version)],
)
