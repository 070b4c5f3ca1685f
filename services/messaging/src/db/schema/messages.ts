import type { CompanyId } from '@frontdesk/contracts'
import { bytesText, eventId, instant, json, typeId } from '@frontdesk/database'
import { foreignKey, index, int, mysqlEnum, mysqlTable, primaryKey, uniqueIndex, varchar } from 'drizzle-orm/mysql-core'
import { conversations } from './conversations.ts'

/** A company's messages, in and out. */
export const messages = mysqlTable(
  'messages',
  {
    companyId: typeId('company_id').$type<CompanyId>().notNull(),
    messageId: typeId('message_id').notNull(),
    /** NULL while a confirmation's recipient is not decided yet. */
    conversationId: typeId('conversation_id'),
    direction: mysqlEnum('direction', ['inbound', 'outbound']).notNull(),
    kind: varchar('kind', { length: 40 }).notNull(),
    text: varchar('text', { length: 4096 }).notNull(),
    templateName: varchar('template_name', { length: 512 }),
    templateLanguage: varchar('template_language', { length: 16 }),
    templateParameters: json('template_parameters').$type<readonly string[]>(),
    status: mysqlEnum('status', ['received', 'queued', 'sending', 'unconfirmed', 'sent', 'failed', 'delivered', 'read']).notNull(),
    statusAt: instant('status_at').notNull(),
    providerMessageId: bytesText('provider_message_id', 255),
    purpose: mysqlEnum('purpose', ['reply', 'appointment_confirmation']),
    appointmentId: typeId('appointment_id'),
    /** SHA-256 of whose key it is and the key: the same is never queued twice. */
    idempotencyKey: eventId('idempotency_key'),
    failureReason: varchar('failure_reason', { length: 1000 }).notNull(),
    attempts: int('attempts', { unsigned: true }).notNull(),
    queuedAt: instant('queued_at').notNull(),
    /** Of a queued one: when to try. Of one that is sending: when to stop waiting for its outcome. */
    dueAt: instant('due_at'),
    takenAt: instant('taken_at'),
    flaggedAt: instant('flagged_at'),
    correlationId: bytesText('correlation_id', 255).notNull(),
    causationId: bytesText('causation_id', 255),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.companyId, table.messageId] }),
    uniqueIndex('messages_by_provider_id').on(table.companyId, table.providerMessageId),
    uniqueIndex('messages_by_key').on(table.companyId, table.idempotencyKey),
    foreignKey({
      name: 'messages_conversation',
      columns: [table.companyId, table.conversationId],
      foreignColumns: [conversations.companyId, conversations.conversationId],
    }),
    index('messages_by_conversation').on(table.companyId, table.conversationId, table.createdAt, table.messageId),
    index('messages_by_time').on(table.companyId, table.createdAt, table.messageId),
    index('messages_by_status').on(table.companyId, table.status, table.createdAt, table.messageId),
    index('messages_by_appointment').on(table.companyId, table.appointmentId, table.createdAt, table.messageId),
    index('messages_flagged').on(table.companyId, table.flaggedAt),
    // What is due, of all companies: for the sender.
    index('messages_due').on(table.status, table.dueAt),
  ],
)
