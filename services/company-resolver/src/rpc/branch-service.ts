import type { BranchServiceImplementation, CompanyId } from '@frontdesk/contracts'
import { pageSizeOf, requireCompany } from '@frontdesk/rpc'
import type { createBranch, deactivateBranch, updateBranch } from '../app/change-branch.ts'
import type { addPhoneNumber, endPhoneNumber, portPhoneNumber } from '../app/change-phone-number.ts'
import { notFound } from '../app/find-company.ts'
import type { BranchStore, PhoneNumberStore } from '../app/ports.ts'
import { platformRequest } from './author.ts'
import {
  fromIdText,
  fromIdToken,
  fromInstantMessage,
  fromOptionalIdText,
  nextPageToken,
  toBranchMessage,
  toPhoneNumberMessage,
} from './convert.ts'

export interface BranchServiceDependencies {
  readonly branchesOf: (companyId: CompanyId) => BranchStore
  readonly phoneNumbersOf: (companyId: CompanyId) => PhoneNumberStore
  readonly createBranch: ReturnType<typeof createBranch>
  readonly updateBranch: ReturnType<typeof updateBranch>
  readonly deactivateBranch: ReturnType<typeof deactivateBranch>
  readonly addPhoneNumber: ReturnType<typeof addPhoneNumber>
  readonly endPhoneNumber: ReturnType<typeof endPhoneNumber>
  readonly portPhoneNumber: ReturnType<typeof portPhoneNumber>
}

/** `frontdesk.directory.v1.BranchService`. */
export function createBranchService(deps: BranchServiceDependencies): BranchServiceImplementation {
  return {
    async createBranch({ name, timeZone, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      return { branch: toBranchMessage(await deps.createBranch(companyId, { name, timeZone: timeZone || undefined }, by)) }
    },

    async getBranch(request, context) {
      const companyId = requireCompany(context, request.companyId)
      const branchId = fromIdText('branch_id', 'brn', request.branchId)
      return { branch: toBranchMessage((await deps.branchesOf(companyId).find(branchId)) ?? notFound('branch')) }
    },

    async listBranches({ pageSize, pageToken, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      const limit = pageSizeOf(pageSize)
      const branches = await deps.branchesOf(companyId).list({ after: fromIdToken('brn', pageToken), limit })
      return { branches: branches.map(toBranchMessage), nextPageToken: nextPageToken(branches, limit, ({ id }) => id) }
    },

    async updateBranch({ name, timeZone, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const branchId = fromIdText('branch_id', 'brn', request.branchId)
      return { branch: toBranchMessage(await deps.updateBranch(companyId, { branchId, name, timeZone }, by)) }
    },

    async deactivateBranch(request, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const branchId = fromIdText('branch_id', 'brn', request.branchId)
      return { branch: toBranchMessage(await deps.deactivateBranch(companyId, branchId, by)) }
    },

    async addPhoneNumber({ branchId, number, validFrom, validUntil, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const command = {
        branchId: fromOptionalIdText('branch_id', 'brn', branchId),
        number,
        validFrom: fromInstantMessage('valid_from', validFrom),
        validUntil: fromInstantMessage('valid_until', validUntil),
      }
      return { phoneNumber: toPhoneNumberMessage(await deps.addPhoneNumber(companyId, command, by)) }
    },

    async endPhoneNumber({ validUntil, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const phoneNumberId = fromIdText('phone_number_id', 'phn', request.phoneNumberId)
      const command = { phoneNumberId, validUntil: fromInstantMessage('valid_until', validUntil) }
      return { phoneNumber: toPhoneNumberMessage(await deps.endPhoneNumber(companyId, command, by)) }
    },

    async portPhoneNumber({ toCompanyId, toBranchId, portedAt, ...request }, context) {
      const { companyId, by } = platformRequest(context, request.companyId)
      const phoneNumberId = fromIdText('phone_number_id', 'phn', request.phoneNumberId)
      fromIdText('to_company_id', 'cmp', toCompanyId)
      const to = { companyId: requireCompany(context, toCompanyId), branchId: fromOptionalIdText('to_branch_id', 'brn', toBranchId) }
      const command = { phoneNumberId, to, portedAt: fromInstantMessage('ported_at', portedAt) }
      const { ended, ported } = await deps.portPhoneNumber(companyId, command, by)
      return { phoneNumber: toPhoneNumberMessage(ended), ported: toPhoneNumberMessage(ported) }
    },

    async listPhoneNumbers({ pageSize, pageToken, ...request }, context) {
      const companyId = requireCompany(context, request.companyId)
      const limit = pageSizeOf(pageSize)
      const numbers = await deps.phoneNumbersOf(companyId).list({ after: fromIdToken('phn', pageToken), limit })
      return { phoneNumbers: numbers.map(toPhoneNumberMessage), nextPageToken: nextPageToken(numbers, limit, ({ id }) => id) }
    },
  }
}
