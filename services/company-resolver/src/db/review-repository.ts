import { type Database, keyset, pageOf, positionToken, withTransaction } from '@frontdesk/database'
import { and, asc, eq, gt, inArray, isNotNull, isNull } from 'drizzle-orm'
import type { ReviewStore } from '../app/ports.ts'
import { toCompany, toKeptAttribution } from './mapping.ts'
import { revisionsOf } from './quarantine-repository.ts'
import { keepReview } from './review-rows.ts'
import { attributions } from './schema/attributions.ts'
import { audits } from './schema/audits.ts'
import { companies } from './schema/companies.ts'
import { reviews } from './schema/reviews.ts'

/** Makes the repository of what persons look at and say. */
export function createReviewRepository(database: Database): ReviewStore {
  return {
    async listAudits(page) {
      const rows = await auditsWaiting(database.orm, page)
      const drawn = pageOf(
        rows,
        page.limit,
        ({ eventId }) => eventId,
        ({ drawnAt, eventId }) => positionToken({ instant: drawnAt, id: eventId }),
      )
      if (drawn.items.length === 0) return { items: [], nextPageToken: drawn.nextPageToken }
      const kept = await database.orm
        .select()
        .from(attributions)
        .where(and(inArray(attributions.eventId, drawn.items), isNotNull(attributions.companyId)))
        .orderBy(asc(attributions.revision))
      const newest = new Map(kept.map((row) => [row.eventId, row]))
      const items = drawn.items.flatMap((eventId) => newest.get(eventId) ?? []).map(toKeptAttribution)
      return { items, nextPageToken: drawn.nextPageToken }
    },

    review: (eventId, companyId, decide) =>
      withTransaction(database, async (tx) => {
        const [newest] = await revisionsOf(tx.orm, eventId).for('update')
        if (!newest) return undefined
        const [company] = companyId ? await tx.orm.select().from(companies).where(eq(companies.companyId, companyId)) : []
        const kept = toKeptAttribution(newest)
        await keepReview(tx, newest, decide(kept.decision, company && toCompany(company)))
        return kept
      }),

    async listLabels(page) {
      const rows = await labelsAfter(database.orm, page)
      return rows.map(({ review, attribution }) => {
        const { sequence, act, companyId, reviewedBy: by, reviewedAt: at, note, propensity } = review
        const said = { act, companyId: companyId ?? undefined, by, at, note, propensity: propensity ?? undefined }
        return { sequence, attribution: toKeptAttribution(attribution), review: said }
      })
    },
  }
}

const byDraw = keyset(audits.drawnAt, audits.eventId, 'earliest first')

export function auditsWaiting(orm: Database['orm'], { limit, pageToken }: Parameters<ReviewStore['listAudits']>[0]) {
  return orm
    .select({ eventId: audits.eventId, drawnAt: audits.drawnAt })
    .from(audits)
    .where(and(isNull(audits.reviewedAt), byDraw.behind(pageToken)))
    .orderBy(...byDraw.order)
    .limit(limit)
}

export function labelsAfter(orm: Database['orm'], { after, limit }: Parameters<ReviewStore['listLabels']>[0]) {
  return orm
    .select({ review: reviews, attribution: attributions })
    .from(reviews)
    .innerJoin(attributions, and(eq(attributions.eventId, reviews.eventId), eq(attributions.revision, reviews.revision)))
    .where(and(gt(reviews.sequence, after), isNotNull(reviews.propensity)))
    .orderBy(asc(reviews.sequence))
    .limit(limit)
}
