import { eventIdToBytes } from '@frontdesk/contracts'
import type { Transaction } from '@frontdesk/database'
import type { ReprocessMode, RevisionDecision } from '../app/decide-revision.ts'
import type { Requester } from '../app/reprocess.ts'
import { eventRevisions } from './schema/event-revisions.ts'

/** A decision that publishes something. */
export type SentDecision = Extract<RevisionDecision, { readonly outcome: 'raised' | 'added' }>

/** Who has it done, and how. */
export type Why = Requester & { readonly mode: ReprocessMode; readonly runId: string | undefined }

const rowsPerStatement = 64
/** Far under max_allowed_packet (16 MB). */
const bytesPerStatement = 4 * 1024 * 1024
const nameBytesMax = 255

/** Keeps what is sent and who has it sent, and raises the events to it. */
export async function keepRevisions(
  tx: Transaction,
  sent: readonly SentDecision[],
  { caller, actor, mode, runId }: Why,
  now: Date,
): Promise<void> {
  for (const group of groupsOf(sent)) {
    // One connection; a second round only past 64 events or 4 MB.
    await tx.orm.insert(eventRevisions).values(
      group.map(({ event: { eventId }, revision, content: { type, entityId, occurredAt, body } }) => ({
        eventId,
        revision,
        mode,
        eventType: type,
        entityId,
        occurredAt,
        body,
        caller: nameOf(caller),
        actor: actor === undefined ? null : nameOf(actor),
        runId: runId ?? null,
        createdAt: now,
      })),
    )
  }
  const ids = sent.map(({ event }) => eventIdToBytes(event.eventId))
  // The rows are locked, and no revision is skipped: the next one is there exactly for those that were just kept.
  await tx.execute(
    `update events force index (events_by_id) join event_revisions as kept on kept.event_id = events.event_id and kept.revision = events.revision + 1
     set events.revision = kept.revision, events.type = kept.event_type, events.entity_id = kept.entity_id
     where events.event_id in (${ids.map(() => '?').join(', ')})`,
    ids,
  )
}

function nameOf(text: string): string {
  return Buffer.byteLength(text) <= nameBytesMax
    ? text
    : Buffer.from(text)
        .subarray(0, nameBytesMax)
        .toString('utf8')
        .replace(/\uFFFD$/, '')
}

function groupsOf(sent: readonly SentDecision[]): SentDecision[][] {
  const groups: SentDecision[][] = []
  let bytes = 0
  for (const decision of sent) {
    const group = groups.at(-1)
    bytes += decision.content.body.length
    if (group && group.length < rowsPerStatement && bytes <= bytesPerStatement) group.push(decision)
    else {
      groups.push([decision])
      bytes = decision.content.body.length
    }
  }
  return groups
}
