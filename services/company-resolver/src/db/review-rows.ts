import type { Transaction } from '@frontdesk/database'
import { and, eq, isNull } from 'drizzle-orm'
import type { Review } from '../domain/review.ts'
import type { attributions } from './schema/attributions.ts'
import { audits } from './schema/audits.ts'
import { reviews } from './schema/reviews.ts'

type Row = typeof attributions.$inferSelect

/** Keeps what a person did with an event, and what he looked at; a drawn event waits for nobody after it. */
export async function keepReview({ orm }: Transaction, looked: Row, review: Review, addedSignalId?: string): Promise<void> {
  const { act, companyId, by, at, note, propensity } = review
  const { eventId, revision, modelVersion } = looked
  await orm.insert(reviews).values({
    eventId,
    revision,
    act,
    companyId: companyId ?? null,
    // What went to a company and was then said to be nobody's has never waited.
    waitedFor: act === 'corrected' && looked.discardedAt ? null : (looked.reason ?? looked.releasedFrom),
    addedSignalId: addedSignalId ?? null,
    reviewedBy: by,
    reviewedAt: at,
    note,
    modelVersion,
    propensity: propensity ?? null,
  })
  await orm
    .update(audits)
    .set({ reviewedAt: at })
    .where(and(eq(audits.eventId, eventId), isNull(audits.reviewedAt)))
}
