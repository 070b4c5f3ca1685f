import { bytesText, instant, typeId } from '@frontdesk/database'
import { index, int, mysqlTable } from 'drizzle-orm/mysql-core'
import type { RotationTarget } from '../../domain/key-rotation.ts'

const count = (name: string) => int(name, { unsigned: true }).notNull().default(0)

/** The rotations of keys, and how far each is: whoever goes on with one needs nothing else. */
export const keyRotations = mysqlTable(
  'key_rotations',
  {
    rotationId: typeId('rotation_id').primaryKey(),
    target: bytesText('target', 16).$type<RotationTarget>().notNull(),
    /** Null for all companies. */
    onlyCompany: typeId('only_company'),
    startedBy: bytesText('started_by', 255).notNull(),
    startedAt: instant('started_at').notNull(),
    finishedAt: instant('finished_at'),
    /** The companies up to this one are done, in this pass. */
    doneThrough: typeId('done_through').notNull().default(''),
    pass: count('pass'),
    companiesDone: count('companies_done'),
    companiesTotal: count('companies_total'),
    dataKeysMade: count('data_keys_made'),
    dataKeysRewrapped: count('data_keys_rewrapped'),
    secretsResealed: count('secrets_resealed'),
    failures: count('failures'),
  },
  (table) => [index('key_rotations_by_start').on(table.startedAt)],
)
