import type { CompanyId } from '@frontdesk/contracts'
import { invalid } from '../domain/invalid.ts'
import { findAccount, notFound } from './find-account.ts'
import type { Account, AccountStore, PaymentProvider, PlanStore } from './ports.ts'

/** Who is to pay, and by which plan. */
export interface AccountDraft {
  readonly planId: string
  readonly name: string
  readonly email: string
}

export interface OpenAccountDependencies {
  readonly plans: PlanStore
  readonly accountsOf: (companyId: CompanyId) => AccountStore
  readonly provider: PaymentProvider
}

const nameMax = 255
const emailMax = 320

/**
 * Makes the company a customer with a subscription. What was decided first stands: asked again, it goes on where it was
 * cut off, with the plan, name and address of the first time, and answers what there is.
 */
export function openAccount({ plans, accountsOf, provider }: OpenAccountDependencies) {
  return async (companyId: CompanyId, draft: AccountDraft): Promise<Account> => {
    const accounts = accountsOf(companyId)
    const opened = await accounts.find()
    if (opened?.subscriptionId !== undefined) return opened
    if (!opened) {
      const { name, email } = checked(draft)
      const plan = (await plans.find(draft.planId)) ?? notFound('plan')
      await accounts.begin({ planId: plan.id, name, email })
    }
    // Of two first requests at once, one has decided.
    const { name, email, plan, ...known } = await findAccount(accounts)
    let { customerId } = known
    if (customerId === undefined) {
      customerId = await provider.createCustomer({ companyId, name, email })
      await accounts.setCustomer(customerId)
    }
    // Idempotency keys end after a day or so; what they made is still found.
    const subscription =
      (await provider.findSubscription({ companyId, customerId })) ??
      (await provider.createSubscription({ companyId, customerId, priceId: plan.providerPriceId }))
    await accounts.setSubscription(subscription)
    return findAccount(accounts)
  }
}

function checked(draft: AccountDraft): { name: string; email: string } {
  const [name, email] = [draft.name.trim(), draft.email.trim()]
  if (name === '' || name.length > nameMax) throw invalid(`name: give 1 to ${nameMax} characters`)
  if (email.length > emailMax || !/^[^\s@]+@[^\s@]+$/.test(email)) throw invalid('email: give an address')
  return { name, email }
}
