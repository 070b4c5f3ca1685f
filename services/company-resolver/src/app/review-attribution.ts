import type { CompanyId, EventId } from '@frontdesk/contracts'
import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import { auditPropensity, isDrawn } from '../domain/audit.ts'
import { isNote, type Review } from '../domain/review.ts'
import { notFound, requireActive } from './find-company.ts'
import type { KeptAttribution, ReviewStore, Sources } from './ports.ts'

/** Keeps what a person says of an attributed event; a correction counts from its next revision on. */
export function reviewAttribution({ reviews, now }: { reviews: ReviewStore } & Pick<Sources, 'now'>) {
  return async (command: {
    eventId: EventId
    /** Undefined for nobody's. */
    companyId: CompanyId | undefined
    note: string
    by: string
  }): Promise<{ attribution: KeptAttribution; corrected: boolean }> => {
    const { eventId, companyId, note, by } = command
    if (!isNote(note)) throw invalidArgument('note: give up to 500 printable characters')
    const attribution = await reviews.review(eventId, companyId, (newest, company): Review => {
      if (newest.kind === 'quarantined') {
        if (!newest.discard) throw refused('The event waits in the quarantine: release or discard it.')
        if (!companyId) throw refused('The event was said to be nobody’s already.')
      }
      if (companyId && !company) throw invalidArgument('company_id: there is no such company')
      const confirmed = newest.kind === 'attributed' && newest.companyId === companyId
      if (company && !confirmed) requireActive(company)
      // Of one that was not drawn nobody can say how it came to be looked at.
      const propensity = newest.kind === 'attributed' && !newest.release && isDrawn(eventId) ? auditPropensity : undefined
      return { act: confirmed ? 'confirmed' : 'corrected', companyId, by, at: now(), note, propensity }
    })
    if (!attribution) return notFound('event')
    const { decision } = attribution
    return { attribution, corrected: decision.kind === 'quarantined' || decision.companyId !== companyId }
  }
}

function refused(publicMessage: string): FrontdeskError {
  return new FrontdeskError('failed_precondition', { publicMessage })
}
