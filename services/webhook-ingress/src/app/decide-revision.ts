import type { EventType } from '@frontdesk/contracts'
import { type ContentDifference, differencesOf, type EventContent } from '../domain/content-difference.ts'
import type { LedgerEntry } from './ports.ts'

/** What an event says, of a type that the catalogue has. */
export interface Content extends EventContent {
  readonly type: EventType
}

/** An event of the ledger, or one that it is about to have. */
export type RevisedEvent = LedgerEntry

/** Send what was published last, or what today's normalizers make of the body. */
export type ReprocessMode = 'as_published' | 'renormalize'

/** What today's normalizers make of the event, or why nothing. */
export type Made = Content | 'not_made' | 'body_purged'

/** What happens to one event. */
export type RevisionDecision =
  | {
      readonly outcome: 'raised' | 'added'
      readonly event: RevisedEvent
      readonly revision: number
      readonly content: Content
      /** Undefined where nobody can say, since what was published last is not kept. */
      readonly differences: readonly ContentDifference[] | undefined
    }
  | { readonly outcome: 'unchanged' | 'not_made' | 'body_purged' | 'content_purged' | 'sent_before'; readonly event: RevisedEvent }

/** Decides whether the event goes out again, and what it then says. */
export function decideRevision(mode: ReprocessMode, event: RevisedEvent, last: Content | undefined, made: Made): RevisionDecision {
  const revision = event.revision + 1
  if (mode === 'as_published') {
    return last ? { outcome: 'raised', event, revision, content: last, differences: [] } : { outcome: 'content_purged', event }
  }
  if (typeof made === 'string') return { outcome: made, event }
  if (event.revision === 0) return { outcome: 'added', event, revision, content: made, differences: [] }
  const differences = last && differencesOf(last, made)
  return differences?.length === 0 ? { outcome: 'unchanged', event } : { outcome: 'raised', event, revision, content: made, differences }
}
