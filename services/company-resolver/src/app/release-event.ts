import type { CompanyId, EventId } from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import { release } from '../domain/release.ts'
import { notFound, requireActive } from './find-company.ts'
import type { QuarantineStore, ReleasedAttribution, Sources } from './ports.ts'

/** Gives a quarantined event to the company that a person names; the same once more changes nothing. */
export function releaseEvent({ quarantine, now }: { quarantine: QuarantineStore } & Pick<Sources, 'now'>) {
  return async (command: { eventId: EventId; companyId: CompanyId; by: string }): Promise<ReleasedAttribution> => {
    const { eventId, companyId, by } = command
    const released = await quarantine.release(eventId, companyId, (revisions, company) => {
      if (!company) throw invalidArgument('company_id: there is no such company')
      requireActive(company)
      return release(revisions, { companyId, by, at: now() })
    })
    return released ?? notFound('event')
  }
}
