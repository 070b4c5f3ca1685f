import { newPlan, type Plan, type PlanDraft } from '../domain/plan.ts'
import type { PlanStore } from './ports.ts'

/** Keeps a new plan. */
export function createPlan({ plans, newPlanId }: { plans: PlanStore; newPlanId: () => string }): (draft: PlanDraft) => Promise<Plan> {
  return async (draft) => {
    const plan = newPlan(newPlanId(), draft)
    await plans.insert(plan)
    return plan
  }
}
