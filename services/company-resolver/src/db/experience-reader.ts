import { acrossCompanies, type Database } from '@frontdesk/database'
import { and, countDistinct, count, desc, eq, gt, isNotNull, isNull, lt, ne, notInArray, or } from 'drizzle-orm'
import type { ExperienceReader, PlacedLabel } from '../app/model-ports.ts'
import { labelOf, saysNothing } from '../domain/adjudication.ts'
import { attributions } from './schema/attributions.ts'
import { companies } from './schema/companies.ts'
import { reviews } from './schema/reviews.ts'

/** So few that reading them holds up nobody for long. */
const rowsOfPage = 500

/** Makes the reader of what models are fitted on. */
export function createExperienceReader({ orm }: Database): ExperienceReader {
  return {
    async labels(limit) {
      const labels: PlacedLabel[] = []
      // What was said last of an event holds, also where that has no propensity of its own.
      const said = new Map<string, string | null>()
      const labelled = new Set<string>()
      let before: bigint | undefined
      while (labels.length < limit) {
        // Each page begins where the last one ended.
        const page = await reviewsBefore(orm, before, rowsOfPage)
        for (const { sequence, eventId, companyId, waitedFor, propensity, waterfall } of page) {
          if (!said.has(eventId)) said.set(eventId, companyId)
          if (propensity === null || labelled.has(eventId)) continue
          labelled.add(eventId)
          const truth = said.get(eventId) ?? undefined
          const label = labelOf({ waterfall, waitedFor: waitedFor ?? undefined, companyId: truth, propensity })
          if (label) labels.push({ sequence, label })
        }
        before = page.at(-1)?.sequence
        if (page.length < rowsOfPage) break
      }
      return labels.slice(0, limit).toReversed()
    },

    async countLabels(after) {
      const [row] = await labelsCounted(orm, after)
      return row?.found ?? 0
    },

    async recent(limit) {
      const evidence: Awaited<ReturnType<ExperienceReader['recent']>> = []
      let before: bigint | undefined
      while (evidence.length < limit) {
        // Each page begins where the last one ended.
        const page = await decisionsBefore(orm, before, Math.min(rowsOfPage, limit - evidence.length))
        for (const { waterfall } of page) evidence.push(waterfall.map(({ kind, value, companyIds }) => ({ kind, value, companyIds })))
        before = page.at(-1)?.sequence
        if (page.length === 0) break
      }
      return evidence
    },

    async countCompanies() {
      const [row] = await acrossCompanies('a fit needs to know how many companies there are', () =>
        orm.select({ found: count() }).from(companies).where(isNull(companies.deactivatedAt)),
      )
      return row?.found ?? 0
    },
  }
}

/** What persons said of events, the newest first; what the directory decided in their name is nobody's word. */
export function reviewsBefore(orm: Database['orm'], before: bigint | undefined, limit: number) {
  const { sequence, eventId, companyId, waitedFor, propensity } = reviews
  return orm
    .select({ sequence, eventId, companyId, waitedFor, propensity, waterfall: attributions.waterfall })
    .from(reviews)
    .innerJoin(attributions, and(eq(attributions.eventId, eventId), eq(attributions.revision, reviews.revision)))
    .where(and(before === undefined ? undefined : lt(sequence, before), ne(reviews.act, 'sibling_released')))
    .orderBy(desc(sequence))
    .limit(limit)
}

export function labelsCounted(orm: Database['orm'], after: bigint) {
  const { sequence, eventId, waitedFor, propensity } = reviews
  return orm
    .select({ found: countDistinct(eventId) })
    .from(reviews)
    .where(and(gt(sequence, after), isNotNull(propensity), or(isNull(waitedFor), notInArray(waitedFor, [...saysNothing]))))
}

export function decisionsBefore(orm: Database['orm'], before: bigint | undefined, limit: number) {
  const { sequence, waterfall } = attributions
  return orm
    .select({ sequence, waterfall })
    .from(attributions)
    .where(before === undefined ? undefined : lt(sequence, before))
    .orderBy(desc(sequence))
    .limit(limit)
}
