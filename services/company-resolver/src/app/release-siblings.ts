import { type EventId, vouchForCompanyId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import type { ProviderEvent } from '../domain/attribute.ts'
import type { Evidence } from '../domain/evidence.ts'
import { release } from '../domain/release.ts'
import { decideAll } from './attribute-events.ts'
import { requireActive } from './find-company.ts'
import type { KeptAttribution, QuarantineStore, ReattributionReader, Sources } from './ports.ts'

/** A waiting event, and whom the directory names for it now. */
export interface Sibling {
  readonly waiting: KeptAttribution
  readonly companyId: string
  readonly confidence: number
  readonly released: boolean
}

/** A page of siblings, and the position of the last event that was looked at. */
export interface SiblingsPage {
  readonly siblings: readonly Sibling[]
  readonly lookedAt: readonly KeptAttribution[]
}

interface Dependencies extends Pick<Sources, 'now'> {
  readonly quarantine: QuarantineStore
  readonly decisions: Pick<ReattributionReader, 'lookUp'>
  readonly eventOf: (kept: KeptAttribution) => ProviderEvent
}

interface Command {
  readonly evidence: Evidence
  readonly before: bigint | undefined
  readonly limit: number
  readonly dryRun: boolean
  readonly by: string
}

/** Finds the waiting events that carry a signal and are decided by the directory as it is now, and lets them go on. */
export function releaseSiblings({ quarantine, decisions, eventOf, now }: Dependencies) {
  /** The outcome of one; an event that somebody else has decided on meanwhile is left to him. */
  async function releaseOne(sibling: Sibling, by: string): Promise<Sibling> {
    const { companyId, waiting } = sibling
    const made = quarantine.release(
      waiting.event.eventId as EventId,
      vouchForCompanyId(companyId),
      (newest, company) => {
        if (!company) return undefined
        requireActive(company)
        const at = now()
        const decision = release(newest.decision, { companyId, by, at })
        // The directory decided, and nobody looked: that is no label.
        const review = { act: 'sibling_released', companyId, by, at, note: '', propensity: undefined } as const
        return decision && { decision, review, signal: undefined }
      },
      undefined,
    )
    const answer = await made.catch((error: unknown) => {
      if (isFrontdeskError(error, 'failed_precondition')) return undefined
      throw error
    })
    return { ...sibling, released: answer !== undefined }
  }

  return async ({ evidence, before, limit, dryRun, by }: Command): Promise<SiblingsPage> => {
    const lookedAt = await quarantine.listWaiting({ evidence, before, limit })
    const events = lookedAt.map(eventOf)
    const decided = decideAll(events, await decisions.lookUp(events))
    const siblings = decided.flatMap(({ decision }, index): Sibling[] => {
      const waiting = lookedAt[index]
      if (!waiting || decision.kind !== 'attributed') return []
      return [{ waiting, companyId: decision.companyId, confidence: decision.confidence, released: false }]
    })
    if (dryRun) return { siblings, lookedAt }
    const released: Sibling[] = []
    for (const sibling of siblings) {
      // Each is a commit of its own, so that one that can't go keeps none of the others.
      released.push(await releaseOne(sibling, by))
    }
    return { siblings: released, lookedAt }
  }
}
