import { bytesText, eventId, instant, json, typeId } from '@frontdesk/database'
import { bigint, double, index, int, mysqlTable, unique, varchar } from 'drizzle-orm/mysql-core'
import type { EventType } from '@frontdesk/contracts'
import type { QuarantineReason } from '../../domain/decide.ts'
import type { Candidate, WeighedEvidence } from '../../domain/score.ts'

/**
 * Every decision with what explains it. Not a company's table: it is the resolver's own ledger, keyed
 * by event, and half of its rows may have no company.
 */
export const attributions = mysqlTable(
  'attributions',
  {
    // In the order of insertion, so that writing stays at one end of the table.
    sequence: bigint('sequence', { mode: 'bigint', unsigned: true }).autoincrement().primaryKey(),
    eventId: eventId('event_id').notNull(),
    revision: int('revision', { unsigned: true }).notNull(),
    eventType: bytesText('event_type', 96).$type<EventType>().notNull(),
    /** EventSource in proto3 JSON. */
    source: json('source').notNull(),
    companyId: typeId('company_id'),
    confidence: double('confidence'),
    reason: bytesText('reason', 32).$type<QuarantineReason>(),
    details: json('details').$type<readonly string[]>().notNull(),
    waterfall: json('waterfall').$type<readonly WeighedEvidence[]>().notNull(),
    candidates: json('candidates').$type<readonly Candidate[]>().notNull(),
    nonePosterior: double('none_posterior').notNull(),
    modelVersion: bytesText('model_version', 64).notNull(),
    directoryVersion: bigint('directory_version', { mode: 'bigint', unsigned: true }).notNull(),
    asOf: instant('as_of').notNull(),
    decidedAt: instant('decided_at').notNull(),
    /** These three where a person has given it to its company: who, when, and the reason that it had waited for. */
    releasedBy: bytesText('released_by', 255),
    releasedAt: instant('released_at'),
    releasedFrom: bytesText('released_from', 32).$type<QuarantineReason>(),
    /** These three where a person has said that it is nobody's. */
    discardedBy: bytesText('discarded_by', 255),
    discardedAt: instant('discarded_at'),
    discardNote: varchar('discard_note', { length: 500 }),
  },
  (table) => [
    unique('attributions_by_event').on(table.eventId, table.revision),
    // The quarantine is what has no company; the counts are read from here too.
    index('attributions_by_company').on(table.companyId, table.sequence),
    index('attributions_by_reason').on(table.reason, table.sequence),
    // What an operator searches by company or by nothing but time.
    index('attributions_by_company_and_time').on(table.companyId, table.decidedAt, table.sequence),
    index('attributions_by_time').on(table.decidedAt, table.sequence),
  ],
)
