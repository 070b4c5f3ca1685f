import type { CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Author } from '../domain/directory-change.ts'
import { newPhoneNumber, type PhoneNumber, portPhoneNumber as port, type Porting } from '../domain/phone-number.ts'
import { endSignal } from '../domain/signal.ts'
import { findActiveCompany, notFound } from './find-company.ts'
import type { BranchStore, CompanyStore, PhoneNumberStore, Sources } from './ports.ts'

interface Dependencies extends Sources {
  readonly companies: CompanyStore
  readonly branchesOf: (companyId: CompanyId) => BranchStore
  readonly phoneNumbersOf: (companyId: CompanyId) => PhoneNumberStore
}

/** Whose a number becomes: the whole company's, or one of its branches'. */
interface Holder {
  readonly companyId: CompanyId
  readonly branchId: string | undefined
}

/** @throws FrontdeskError not_found, failed_precondition. */
async function requireOpen({ companies, branchesOf }: Dependencies, { companyId, branchId }: Holder): Promise<void> {
  await findActiveCompany(companies, companyId)
  if (branchId === undefined) return
  const branch = (await branchesOf(companyId).find(branchId)) ?? notFound('branch')
  if (branch.deactivatedAt) throw new FrontdeskError('failed_precondition', { publicMessage: 'The branch is deactivated.' })
}

/** Adds a number at which a company is called, and with it the signal by which those calls are recognised. */
export function addPhoneNumber(deps: Dependencies) {
  return async (companyId: CompanyId, command: Omit<PhoneNumber, 'id' | 'companyId'>, by: Author): Promise<PhoneNumber> => {
    const { phoneNumber, signal } = newPhoneNumber({ ...command, id: deps.newId('phn'), companyId }, deps.newId('sig'))
    await requireOpen(deps, { companyId, branchId: command.branchId })
    await deps.phoneNumbersOf(companyId).insert(phoneNumber, signal, by)
    return phoneNumber
  }
}

/** Ends a number and its signal, now when no time is given; its past stays as it was. */
export function endPhoneNumber({ phoneNumbersOf, now }: Pick<Dependencies, 'phoneNumbersOf' | 'now'>) {
  return async (
    companyId: CompanyId,
    command: { phoneNumberId: string; validUntil: Date | undefined },
    by: Author,
  ): Promise<PhoneNumber> => {
    const validUntil = command.validUntil ?? now()
    const end = (phoneNumber: PhoneNumber) => endSignal(phoneNumber, validUntil)
    return (await phoneNumbersOf(companyId).change(command.phoneNumberId, end, by)) ?? notFound('phone number')
  }
}

/** Hands a number over to another company: until that instant its calls are the one's, from then on the other's. */
export function portPhoneNumber(deps: Dependencies) {
  return async (
    companyId: CompanyId,
    command: { phoneNumberId: string; to: Holder; portedAt: Date | undefined },
    by: Author,
  ): Promise<Porting> => {
    const { to, portedAt: at = deps.now() } = command
    await requireOpen(deps, to)
    const addressee = { ...to, id: deps.newId('phn'), signalId: deps.newId('sig'), at }
    return (
      (await deps.phoneNumbersOf(companyId).port(command.phoneNumberId, (before) => port(before, addressee), by)) ??
      notFound('phone number')
    )
  }
}
