import { type Database, pageOf, unknownPageToken } from '@frontdesk/database'
import { asc, eq, gt } from 'drizzle-orm'
import type { PlanStore } from '../app/ports.ts'
import { toPlan } from './mapping.ts'
import { plans } from './schema/plans.ts'

/** The platform's plans in the database. */
export function createPlanStore({ orm }: Database, now: () => Date): PlanStore {
  return {
    async insert({ id: planId, ...rest }) {
      await orm.insert(plans).values({ planId, ...rest, createdAt: now() })
    },

    async find(planId) {
      const [row] = await orm.select().from(plans).where(eq(plans.planId, planId))
      return row && toPlan(row)
    },

    async list({ limit, pageToken }) {
      const rows = await plansAfter(orm, planIdOf(pageToken), limit)
      return pageOf(rows, limit, toPlan, ({ planId }) => planId)
    },
  }
}

export function plansAfter(orm: Database['orm'], after: string, limit: number) {
  return orm.select().from(plans).where(gt(plans.planId, after)).orderBy(asc(plans.planId)).limit(limit)
}

/** The plan behind which a page begins; empty for the first. @throws FrontdeskError `invalid_argument`. */
function planIdOf(token: string): string {
  if (token !== '' && !/^plan_[0-9a-z]{26}$/.test(token)) throw unknownPageToken()
  return token
}
