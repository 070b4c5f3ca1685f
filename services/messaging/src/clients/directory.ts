import type { DirectoryServiceDefinition } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import type { Companies } from '../app/ports.ts'
import { orUndefined } from './or-undefined.ts'

/** The directory over gRPC, by tokens for the one company. */
export function createCompanies(client: Pick<RpcClient<typeof DirectoryServiceDefinition>, 'getCompany'>): Companies {
  return {
    async find(companyId) {
      const answer = await orUndefined(client.getCompany({ companyId }, { companies: [companyId] }))
      return answer?.company && { name: answer.company.name, timeZone: answer.company.timeZone }
    },
  }
}
