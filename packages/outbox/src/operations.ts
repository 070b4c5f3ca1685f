import { isUtf8 } from 'node:buffer'
import type {
  DeadLetter,
  EventId,
  GetConservationRequest,
  GetConservationResponse,
  GetTimelineRequest,
  GetTimelineResponse,
  ListDeadLettersRequest,
  ListDeadLettersResponse,
  RedriveDeadLetterRequest,
  RedriveDeadLetterResponse,
} from '@frontdesk/contracts'
import { parseEventId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import type { DeadLetterRow } from './dead-letters.ts'
import { listDeadLetters } from './dead-letters.ts'
import type { EventHandler } from './event-handler.ts'
import { countHandled } from './inbox.ts'
import type { Outbox } from './outbox.ts'
import { redrive } from './redrive.ts'
import { readTimeline, type TimelineOptions } from './timeline.ts'

/** What a service answers of its own work; the transport decides who may ask. */
export interface Operations {
  getConservation(request: GetConservationRequest): Promise<GetConservationResponse>
  listDeadLetters(request: ListDeadLettersRequest): Promise<ListDeadLettersResponse>
  redriveDeadLetter(request: RedriveDeadLetterRequest): Promise<RedriveDeadLetterResponse>
  getTimeline(request: GetTimelineRequest): Promise<GetTimelineResponse>
}

/** What the operations answer from; a service without handlers needs no inbox table. */
export interface OperationsOptions {
  readonly database: Database
  readonly outbox: Outbox
  readonly handlers: readonly EventHandler[]
  /** The service's own counts by name, beside "handled" and "dead" of its inbox. */
  readonly counts: () => Promise<Record<string, bigint>>
  /** What was appended when; for a service whose table is `outboxByTime`. */
  readonly appended?: TimelineOptions['appended']
}

const defaultPageSize = 50
const largestPageSize = 200

/** OperationsService in terms of contracts' messages, with no transport in it. */
export function createOperations(options: OperationsOptions): Operations {
  const { database, outbox, handlers, counts } = options
  const consumes = handlers.length > 0
  const timeline = { database, handlerNames: handlers.map(({ handlerName }) => handlerName), appended: options.appended }

  return {
    async getConservation() {
      const [own, inboxCounts, unpublished] = await Promise.all([counts(), consumes ? countHandled(database) : {}, outbox.unpublished()])
      return { counts: { ...inboxCounts, ...own }, unpublished: BigInt(unpublished) }
    },

    async listDeadLetters({ pageSize, pageToken }) {
      const limit = limitOf(pageSize)
      if (!consumes) return { deadLetters: [], nextPageToken: '' }
      const page = await listDeadLetters(database, { limit, ...(pageToken && { before: pageToken }) })
      return { deadLetters: page.deadLetters.map(toMessage), nextPageToken: page.next ?? '' }
    },

    async redriveDeadLetter({ handler, eventId, revision }) {
      const id = parseEventId(eventId)
      if (!id) throw new FrontdeskError('invalid_argument', { publicMessage: 'event_id must be 64 lower-case hex digits.' })
      await redrive({ database, handlers }, { handler, eventId: id, revision })
      return {}
    },

    getTimeline: ({ eventIds }) => readTimeline(timeline, idsOf(eventIds)),
  }
}

const timelineIdsMax = 64

function idsOf(texts: readonly string[]): EventId[] {
  const ids = texts.map(parseEventId).filter((id) => id !== undefined)
  if (ids.length === 0 || ids.length < texts.length || ids.length > timelineIdsMax) {
    throw invalidArgument(`event_ids: 1 to ${timelineIdsMax} ids of 64 lower-case hex digits.`)
  }
  return ids
}

function limitOf(pageSize: number): number {
  if (pageSize > largestPageSize) throw new FrontdeskError('invalid_argument', { publicMessage: `page_size: at most ${largestPageSize}.` })
  return pageSize || defaultPageSize
}

/** What is no text would be lost in a string, and grow to three times its size. */
function toMessage(row: DeadLetterRow): DeadLetter {
  const { payload: bytes, ...rest } = row
  const payload = Buffer.from(bytes)
  return { ...rest, payload: isUtf8(payload) ? payload.toString('utf8') : `base64:${payload.toString('base64')}` }
}
