import { FrontdeskError } from '@frontdesk/errors'
import type { Account, AccountStore } from './ports.ts'

/** @throws FrontdeskError not_found. */
export async function findAccount(accounts: AccountStore): Promise<Account> {
  return (await accounts.find()) ?? notFound('account')
}

/** @throws FrontdeskError not_found: another company's id reads the same as an unknown one. */
export function notFound(what: string): never {
  throw new FrontdeskError('not_found', { publicMessage: `There is no such ${what}.` })
}
