import type { BillingServiceImplementation, CompanyId } from '@frontdesk/contracts'
import { pageSizeOf, requireAllCompanies, requireCompany } from '@frontdesk/rpc'
import type { createPlan } from '../app/create-plan.ts'
import { findAccount } from '../app/find-account.ts'
import type { listUsage } from '../app/list-usage.ts'
import type { openAccount } from '../app/open-account.ts'
import type { AccountStore, InvoiceReader, PlanStore, SubscriptionStatusReader } from '../app/ports.ts'
import type { previewInvoice } from '../app/preview-invoice.ts'
import { entitlementOf } from '../domain/entitlement.ts'
import { entitlementReasonMessages } from '../wire/names.ts'
import {
  fromInstantMessage,
  fromLineMessage,
  requireFeature,
  toAccountMessage,
  toInvoiceMessage,
  toPlanMessage,
  toPreviewMessage,
  toUsageMessage,
} from './convert.ts'

export interface BillingServiceDependencies {
  readonly plans: PlanStore
  readonly createPlan: ReturnType<typeof createPlan>
  readonly openAccount: ReturnType<typeof openAccount>
  readonly accountsOf: (companyId: CompanyId) => AccountStore
  readonly invoicesOf: (companyId: CompanyId) => InvoiceReader
  readonly subscriptions: SubscriptionStatusReader
  readonly previewInvoiceOf: (companyId: CompanyId) => ReturnType<typeof previewInvoice>
  readonly listUsageOf: (companyId: CompanyId) => ReturnType<typeof listUsage>
}

/** `frontdesk.billing.v1.BillingService`. */
export function createBillingService(deps: BillingServiceDependencies): BillingServiceImplementation {
  return {
    async createPlan(request, context) {
      requireAllCompanies(context)
      return { plan: toPlanMessage(await deps.createPlan(request)) }
    },

    async listPlans({ pageSize, pageToken }, context) {
      requireAllCompanies(context)
      const { items, nextPageToken } = await deps.plans.list({ limit: pageSizeOf(pageSize), pageToken })
      return { plans: items.map(toPlanMessage), nextPageToken }
    },

    async openAccount({ planId, name, email, ...request }, context) {
      requireAllCompanies(context)
      const companyId = requireCompany(context, request.companyId)
      return { account: toAccountMessage(await deps.openAccount(companyId, { planId, name, email })) }
    },

    async getAccount(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return { account: toAccountMessage(await findAccount(deps.accountsOf(companyId))) }
    },

    async checkEntitlement({ feature, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      requireFeature(feature)
      const entitlement = entitlementOf(await deps.subscriptions.status(companyId))
      const reason = entitlement.allowed ? 'ENTITLEMENT_REASON_UNSPECIFIED' : entitlementReasonMessages[entitlement.reason]
      return { allowed: entitlement.allowed, reason }
    },

    async previewInvoice(request, context) {
      const companyId = requireCompany(context, request.companyId)
      return toPreviewMessage(await deps.previewInvoiceOf(companyId)())
    },

    async listUsage({ line, from, until, pageSize, pageToken, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      const { items, nextPageToken } = await deps.listUsageOf(companyId)({
        line: fromLineMessage(line),
        from: fromInstantMessage('from', from),
        until: fromInstantMessage('until', until),
        limit: pageSizeOf(pageSize),
        pageToken,
      })
      return { usage: items.map(toUsageMessage), nextPageToken }
    },

    async listInvoices({ pageSize, pageToken, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      const { items, nextPageToken } = await deps.invoicesOf(companyId).list({ limit: pageSizeOf(pageSize), pageToken })
      return { invoices: items.map(toInvoiceMessage), nextPageToken }
    },
  }
}
