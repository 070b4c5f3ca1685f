import type { EventId } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { and, eq, inArray, isNotNull, or } from 'drizzle-orm'
import type { HeldDecision } from '../domain/held.ts'
import { holdingActs } from '../domain/review.ts'
import type { GivenBack, Holder } from '../domain/withdraw.ts'
import { attributions } from './schema/attributions.ts'
import { companies } from './schema/companies.ts'
import { reviews } from './schema/reviews.ts'

type Orm = Pick<Database['orm'], 'select'>

/** What persons last decided of these events. */
export async function readHeld(orm: Orm, eventIds: readonly EventId[]): Promise<Map<string, HeldDecision>> {
  if (eventIds.length === 0) return new Map()
  const rows = await heldDecisions(orm, eventIds)
  // Of several the newest comes last, and counts.
  const inOrder = rows.toSorted((a, b) => Number(a.sequence - b.sequence))
  return new Map(
    inOrder.map(({ eventId, companyId, by, at, note, from, deactivatedAt }): [string, HeldDecision] => {
      if (companyId === null) return [eventId, { companyId: undefined, discard: { by, at, note } }]
      const release = { by, at, from: from ?? undefined }
      return [eventId, { companyId, release, deactivatedAt: deactivatedAt ?? undefined }]
    }),
  )
}

export function heldDecisions(orm: Orm, eventIds: readonly EventId[]) {
  return orm
    .select({
      sequence: reviews.sequence,
      eventId: reviews.eventId,
      companyId: reviews.companyId,
      by: reviews.reviewedBy,
      at: reviews.reviewedAt,
      note: reviews.note,
      from: reviews.waitedFor,
      deactivatedAt: companies.deactivatedAt,
    })
    .from(reviews)
    .leftJoin(companies, eq(companies.companyId, reviews.companyId))
    .where(and(inArray(reviews.eventId, padded(eventIds)), inArray(reviews.act, holdingActs)))
}

/** Where revisions of these events went, and which were given back. */
export async function readSent(orm: Orm, eventIds: readonly EventId[]): Promise<Map<string, (Holder | GivenBack)[]>> {
  if (eventIds.length === 0) return new Map()
  const rows = await sentRevisions(orm, eventIds)
  return new Map([...Map.groupBy(rows, ({ eventId }) => eventId)].map(([eventId, revisions]) => [eventId, revisions.map(toSent)]))
}

/** A revision that has gone to its company, or that a person discarded. */
export function toSent({ companyId, revision, eventType }: Pick<SentRow, 'companyId' | 'revision' | 'eventType'>): Holder | GivenBack {
  return companyId === null ? { companyId: undefined, revision, eventType } : { companyId, revision, eventType }
}

type SentRow = typeof attributions.$inferSelect

export function sentRevisions(orm: Orm, eventIds: readonly EventId[]) {
  const { eventId, companyId, revision, eventType } = attributions
  return orm
    .select({ eventId, companyId, revision, eventType })
    .from(attributions)
    .where(and(inArray(eventId, padded(eventIds)), or(isNotNull(companyId), isNotNull(attributions.discardedAt))))
}
