import type { CompanyId } from '@frontdesk/contracts'
import { isFrontdeskError, invalidArgument } from '@frontdesk/errors'
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
 * Makes the company a customer with a subscription. Asked again, it answers what there is, or goes on where it was cut
 * off with the plan, name and address of the first time; only what the provider refused may be asked for otherwise.
 */
export function openAccount({ plans, accountsOf, provider }: OpenAccountDependencies) {
  async function customerOf(accounts: AccountStore, { companyId, attempt, name, email, customerId }: Account): Promise<string> {
    if (customerId !== undefined) return customerId
    const made = await provider.createCustomer({ companyId, attempt, name, email })
    await accounts.setCustomer(made)
    return made
  }

  async function goOn(accounts: AccountStore, account: Account): Promise<void> {
    const { companyId, attempt, plan } = account
    const customerId = await customerOf(accounts, account)
    // Idempotency keys end after a day or so; what they made is still found.
    const subscription =
      (await provider.findSubscription({ companyId, customerId })) ??
      (await provider.createSubscription({ companyId, attempt, customerId, priceId: plan.providerPriceId }))
    await accounts.setSubscription(subscription)
  }

  return async (companyId: CompanyId, draft: AccountDraft): Promise<Account> => {
    const accounts = accountsOf(companyId)
    const opened = await accounts.find()
    if (opened?.subscriptionId !== undefined) return opened
    const plan = (await plans.find(draft.planId)) ?? notFound('plan')
    await accounts.begin({ planId: plan.id, ...checked(draft) })
    // Of two first requests at once, one has decided.
    const account = await findAccount(accounts)
    try {
      await goOn(accounts, account)
    } catch (error) {
      if (isFrontdeskError(error, 'failed_precondition')) await accounts.refused(account.attempt)
      throw error
    }
    return findAccount(accounts)
  }
}

function checked(draft: AccountDraft): { name: string; email: string } {
  const [name, email] = [draft.name.trim(), draft.email.trim()]
  if (name === '' || name.length > nameMax) throw invalidArgument(`name: give 1 to ${nameMax} characters`)
  if (email.length > emailMax || !/^[^\s@]+@[^\s@]+$/.test(email)) throw invalidArgument('email: give an address')
  return { name, email }
}
