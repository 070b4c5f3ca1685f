import type { EventId } from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import { discard } from '../domain/discard.ts'
import { isNote, quarantinePropensity } from '../domain/review.ts'
import { notFound } from './find-company.ts'
import type { DiscardedAttribution, QuarantineStore, Sources } from './ports.ts'

/** Lets go of a quarantined event that is nobody's; the same once more changes nothing. */
export function discardEvent({ quarantine, now }: { quarantine: QuarantineStore } & Pick<Sources, 'now'>) {
  return async ({ eventId, note, by }: { eventId: EventId; note: string; by: string }): Promise<DiscardedAttribution> => {
    if (!isNote(note)) throw invalidArgument('note: give up to 500 printable characters')
    const discarded = await quarantine.discard(eventId, (newest) => {
      const at = now()
      const decision = discard(newest, { by, at, note })
      return decision && { decision, review: { act: 'discarded', companyId: undefined, by, at, note, propensity: quarantinePropensity } }
    })
    return discarded ?? notFound('event')
  }
}
