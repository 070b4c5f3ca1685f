import { bytesText, instant, json, typeId } from '@frontdesk/database'
import { bigint, foreignKey, index, mysqlTable, primaryKey, unique } from 'drizzle-orm/mysql-core'
import { companies } from './companies.ts'

/** Who changed what in the directory, in the change's own commit; secrets are masked. */
export const auditEntries = mysqlTable(
  'audit_entries',
  {
    companyId: typeId('company_id').notNull(),
    auditEntryId: typeId('audit_entry_id').notNull(),
    action: bytesText('action', 64).notNull(),
    subjectId: typeId('subject_id').notNull(),
    caller: bytesText('caller', 255).notNull(),
    actor: bytesText('actor', 255),
    changedAt: instant('changed_at').notNull(),
    stateBefore: json('state_before').$type<Readonly<Record<string, unknown>>>(),
    stateAfter: json('state_after').$type<Readonly<Record<string, unknown>>>().notNull(),
    directoryVersion: bigint('directory_version', { mode: 'bigint', unsigned: true }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.auditEntryId] }),
    index('audit_entries_by_subject').on(table.companyId, table.subjectId, table.auditEntryId),
    // What an operator reads of all companies.
    unique('audit_entries_by_id').on(table.auditEntryId),
    foreignKey({ name: 'audit_entries_company', columns: [table.companyId], foreignColumns: [companies.companyId] }),
  ],
)
