import { acrossCompanies, type Database, pageOf, type Transaction } from '@frontdesk/database'
import { and, desc, eq, lt } from 'drizzle-orm'
import type { AuditEntry, AuditQuery, AuditReader } from '../app/ports.ts'
import { actionOf, type Author, companyIdOf, type DirectoryChange } from '../domain/directory-change.ts'
import { readDirectoryVersion } from './change-directory.ts'
import { auditEntries } from './schema/audit-entries.ts'

/** What a change leaves behind in its own commit, besides itself. */
export interface Journal {
  /** Keeps who has made the changes, and tells of each; inside `changeDirectory` alone. */
  record(tx: Transaction, by: Author, changes: readonly DirectoryChange[]): Promise<void>
}

export interface JournalDependencies {
  readonly now: () => Date
  readonly newId: (prefix: 'aud') => string
  readonly tell: (
    tx: Transaction,
    changes: readonly DirectoryChange[],
    told: { readonly version: bigint; readonly at: Date },
  ) => Promise<void>
}

/** Makes the journal of the directory's changes. */
export function createJournal({ now, newId, tell }: JournalDependencies): Journal {
  return {
    async record(tx, by, changes) {
      if (changes.length === 0) return
      const at = now()
      const version = await readDirectoryVersion(tx)
      await tx.orm.insert(auditEntries).values(
        changes.map((change) => ({
          companyId: companyIdOf(change),
          auditEntryId: newId('aud'),
          action: actionOf(change),
          subjectId: change.after.id,
          caller: by.caller,
          actor: by.actor ?? null,
          changedAt: at,
          stateBefore: change.before ? imageOf(change.kind, change.before) : null,
          stateAfter: imageOf(change.kind, change.after),
          directoryVersion: version,
        })),
      )
      await tell(tx, changes, { version, at })
    },
  }
}

/** How a thing was, for whoever reads the audit; nothing of a secret is in it but that there is one. */
function imageOf(kind: DirectoryChange['kind'], thing: DirectoryChange['after']): Readonly<Record<string, unknown>> {
  return kind === 'connection' ? { ...thing, secret: '[masked]' } : { ...thing }
}

/** Makes the reader of what the journal kept. */
export function createAuditReader({ orm }: Database): AuditReader {
  return {
    async list(query) {
      const read = () => auditEntriesOf(orm, query)
      const rows = await (query.companyId ? read() : acrossCompanies('an operator reads the audit of all companies', read))
      return pageOf(rows, query.limit, toEntry, ({ auditEntryId }) => auditEntryId)
    },
  }
}

export function auditEntriesOf(orm: Database['orm'], { companyId, subjectId, before, limit }: AuditQuery) {
  const index = subjectId ? 'audit_entries_by_subject' : companyId ? 'PRIMARY' : 'audit_entries_by_id'
  return (
    orm
      .select()
      // Where most rows match, the optimizer would rather read and sort them all than follow the ids.
      .from(auditEntries, { forceIndex: [index] })
      .where(
        and(
          companyId ? eq(auditEntries.companyId, companyId) : undefined,
          subjectId ? eq(auditEntries.subjectId, subjectId) : undefined,
          before ? lt(auditEntries.auditEntryId, before) : undefined,
        ),
      )
      .orderBy(desc(auditEntries.auditEntryId))
      .limit(limit)
  )
}

function toEntry({ auditEntryId: id, actor, stateBefore, stateAfter, ...row }: typeof auditEntries.$inferSelect): AuditEntry {
  return { id, ...row, actor: actor ?? undefined, before: stateBefore ?? undefined, after: stateAfter }
}
