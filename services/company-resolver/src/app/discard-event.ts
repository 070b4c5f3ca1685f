import type { CompanyId, EventId } from '@frontdesk/contracts'
import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import type { Company } from '../domain/company.ts'
import { discard } from '../domain/discard.ts'
import { isNote, quarantinePropensity } from '../domain/review.ts'
import { notFound } from './find-company.ts'
import type { CompanyStore, DiscardedAttribution, QuarantineStore, Sources } from './ports.ts'

/** What a person lets go of, and why. */
export interface DiscardCommand {
  readonly eventId: EventId
  /** The company that it was for and that has ended; undefined for nobody's. */
  readonly companyId: CompanyId | undefined
  readonly note: string
  readonly by: string
}

interface Dependencies extends Pick<Sources, 'now'> {
  readonly quarantine: QuarantineStore
  readonly companies: Pick<CompanyStore, 'find'>
}

/** Lets go of a quarantined event that is nobody's, or was an ended company's; the same once more changes nothing. */
export function discardEvent({ quarantine, companies, now }: Dependencies) {
  return async ({ eventId, companyId, note, by }: DiscardCommand): Promise<DiscardedAttribution> => {
    const company = companyId ? await companies.find(companyId) : undefined
    if (!isNote(note)) throw invalidArgument('note: give up to 500 printable characters')
    const discarded = await quarantine.discard(eventId, (newest) => {
      const at = now()
      const decision = discard(newest, { by, at, note })
      if (companyId) requireEnded(company)
      return decision && { decision, review: { act: 'discarded', companyId, by, at, note, propensity: quarantinePropensity } }
    })
    return discarded ?? notFound('event')
  }
}

function requireEnded(company: Company | undefined): void {
  if (!company) throw invalidArgument('company_id: there is no such company')
  if (!company.deactivatedAt)
    throw new FrontdeskError('failed_precondition', { publicMessage: 'The company is active: release the event to it.' })
}
