import type { AuditServiceImplementation } from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import { pageSizeOf, requireAllCompanies, requireCompany } from '@frontdesk/rpc'
import type { AuditReader } from '../app/ports.ts'
import { fromIdToken, toAuditEntryMessage } from './convert.ts'

/** `frontdesk.directory.v1.AuditService`. */
export function createAuditService(audit: AuditReader): AuditServiceImplementation {
  return {
    async listAuditEntries({ subjectId, pageSize, pageToken, ...request }, context) {
      const companyId = request.companyId === '' ? undefined : requireCompany(context, request.companyId)
      if (!companyId) requireAllCompanies(context)
      if (!companyId && subjectId) throw invalidArgument('company_id: give the company whose subject_id it is')
      const { items, nextPageToken } = await audit.list({
        companyId,
        subjectId: subjectId || undefined,
        before: fromIdToken('aud', pageToken) || undefined,
        limit: pageSizeOf(pageSize),
      })
      return { entries: items.map(toAuditEntryMessage), nextPageToken }
    },
  }
}
