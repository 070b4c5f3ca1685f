import type { CompanyId, EventId } from '@frontdesk/contracts'
import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import type { Author } from '../domain/directory-change.ts'
import { evidenceKey } from '../domain/evidence.ts'
import { release } from '../domain/release.ts'
import { quarantinePropensity } from '../domain/review.ts'
import { isValidAt, newSignal, type Signal } from '../domain/signal.ts'
import { notFound, requireActive } from './find-company.ts'
import type { KeptAttribution, QuarantineStore, ReleasedAttribution, Sources } from './ports.ts'

/** What a person decides of a waiting event. */
export interface ReleaseCommand {
  readonly eventId: EventId
  readonly companyId: CompanyId
  readonly by: Author
  /** The signal that was missing, which the company gets with it. */
  readonly addSignal: Pick<Signal, 'kind' | 'value' | 'validFrom'> | undefined
}

/** Gives a quarantined event to the company that a person names; the same once more changes nothing. */
export function releaseEvent({ quarantine, now, newId }: { quarantine: QuarantineStore } & Pick<Sources, 'now' | 'newId'>) {
  return async ({ eventId, companyId, by: author, addSignal }: ReleaseCommand): Promise<ReleasedAttribution> => {
    if (addSignal?.kind === 'connection') throw invalidArgument('add_signal: a connection’s signal is made with the connection')
    const by = author.actor ?? author.caller
    const signal = addSignal && newSignal({ ...addSignal, id: newId('sig'), companyId, validUntil: undefined })
    const decide: Parameters<QuarantineStore['release']>[2] = (newest, company, wasSent) => {
      if (!company) throw invalidArgument('company_id: there is no such company')
      requireActive(company)
      if (wasSent && newest.decision.kind === 'quarantined' && newest.decision.discard) throw givenBack()
      const at = now()
      const decision = release(newest.decision, { companyId, by, at })
      if (!decision) return undefined
      if (signal) requireMissing(signal, newest)
      const review = { act: 'released', companyId, by, at, note: '', propensity: quarantinePropensity } as const
      return { decision, review, signal }
    }
    return (await quarantine.release(eventId, companyId, decide, signal && author)) ?? notFound('event')
  }
}

/** A signal that the event does not carry, or not at its time, would not have decided it. */
function requireMissing(signal: Signal, { waterfall, asOf }: KeptAttribution): void {
  const piece = waterfall.find((one) => evidenceKey(one) === evidenceKey(signal))
  if (!piece) throw refused('the event does not carry it')
  if (piece.companyIds.includes(signal.companyId)) throw refused('the company had it when the event was decided')
  if (!isValidAt(signal, asOf)) throw refused(`the event counts as of ${asOf.toISOString()}, before it is valid`)
}

/** Whoever had it has withdrawn this revision, and would take the same one for one that he knows. */
function givenBack(): FrontdeskError {
  const publicMessage = 'The event was withdrawn as nobody’s: correct that (audits correct), and it goes out as its next revision.'
  return new FrontdeskError('failed_precondition', { publicMessage })
}

function refused(why: string): FrontdeskError {
  return new FrontdeskError('failed_precondition', { publicMessage: `This signal is not what was missing: ${why}.` })
}
