import type { EventId } from '@frontdesk/contracts'
import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import type { Provider } from '@frontdesk/providers'
import type { Delivery } from '../domain/delivery.ts'
import { type Content, decideRevision, type Made, type ReprocessMode, type RevisedEvent, type RevisionDecision } from './decide-revision.ts'

/** Who has it done: the caller that the token proved, and the person behind it. */
export interface Requester {
  readonly caller: string
  readonly actor: string | undefined
}

export interface ReprocessRequest {
  readonly of: { readonly eventIds: readonly EventId[] } | { readonly deliveryId: string }
  readonly mode: ReprocessMode
  /** Nothing is sent or kept; the answer is the same. */
  readonly dryRun: boolean
  /** What was sent in this run is not sent in it once more. */
  readonly runId: string | undefined
  readonly by: Requester
}

/** What became of one event that was asked for. */
export type Reprocessed = RevisionDecision | { readonly outcome: 'unknown_event'; readonly eventId: EventId }

/** What is to be decided on, all that can't change any more already read. */
export interface RevisionBatch {
  readonly ids: readonly EventId[]
  /** Events of which the ledger has nothing yet. */
  readonly added: readonly RevisedEvent[]
  /** What their webhooks published, as far as that is kept. */
  readonly first: ReadonlyMap<EventId, Content>
  readonly runId: string | undefined
}

/** What is to be decided on an event: its newest content, if that is kept, and whether its run has sent it already. */
export interface Standing {
  readonly last: Content | undefined
  readonly sentInRun: boolean
}

/** Decides on one event as it is now. */
export type DecideRevision = (event: RevisedEvent, standing: Standing) => RevisionDecision

/** Publishes events again, each revision of each once. */
export interface RevisionStore {
  find(ids: readonly EventId[]): Promise<RevisedEvent[]>
  /** Those whose bodies are kept. */
  deliveries(ids: readonly string[]): Promise<Delivery[]>
  /** What the webhooks of these events published; it never changes, and may be gone. */
  firstContents(events: readonly RevisedEvent[]): Promise<ReadonlyMap<EventId, Content>>
  /** Decides on the events as they are now. */
  preview(batch: RevisionBatch, decide: DecideRevision): Promise<RevisionDecision[]>
  /** Decides on the events while nobody else can raise them, and commits what was decided with the events to publish. */
  commit(batch: RevisionBatch, decide: DecideRevision, why: Requester & { readonly mode: ReprocessMode }): Promise<RevisionDecision[]>
}

export interface ReprocessDependencies {
  readonly store: RevisionStore
  readonly normalizers: ReadonlyMap<string, Pick<Provider, 'normalize'>>
}

/** Bodies in memory at once, of up to 4 MB each. */
const bodiesAtOnce = 8

/** Sends events again as new revisions, as they were or as they would be normalized today; or tells what it would send. */
export function reprocess(deps: ReprocessDependencies): (request: ReprocessRequest) => Promise<Reprocessed[]> {
  const { store } = deps
  return async ({ of, mode, dryRun, runId, by }) => {
    const { found, made, added, asked } =
      'deliveryId' in of ? await readDelivery(deps, of.deliveryId, mode) : await read(deps, of.eventIds, mode)
    const batch = { ids: found.map(({ eventId }) => eventId), added, first: await store.firstContents(found), runId }
    const decide: DecideRevision = (event, { last, sentInRun }) =>
      sentInRun ? { outcome: 'sent_before', event } : decideRevision(mode, event, last, made(event))
    const decided = dryRun ? await store.preview(batch, decide) : await store.commit(batch, decide, { ...by, mode })
    const byId = new Map(decided.map((decision) => [decision.event.eventId, decision]))
    return asked.map((eventId) => byId.get(eventId) ?? { outcome: 'unknown_event', eventId })
  }
}

interface Read {
  readonly asked: readonly EventId[]
  readonly found: readonly RevisedEvent[]
  readonly added: readonly RevisedEvent[]
  readonly made: (event: RevisedEvent) => Made
}

async function read(deps: ReprocessDependencies, ids: readonly EventId[], mode: ReprocessMode): Promise<Read> {
  const asked = [...new Set(ids)]
  const found = await deps.store.find(asked)
  const made = mode === 'renormalize' ? await normalizeAll(deps, new Set(found.map(({ deliveryId }) => deliveryId))) : undefined
  return {
    asked,
    found,
    added: [],
    made: ({ deliveryId, eventId }) => (made ? (made.get(deliveryId)?.get(eventId) ?? missing(made, deliveryId)) : 'not_made'),
  }
}

/** An event that came again in a later delivery belongs to its first. */
async function readDelivery(deps: ReprocessDependencies, deliveryId: string, mode: ReprocessMode): Promise<Read> {
  const [delivery] = await deps.store.deliveries([deliveryId])
  if (!delivery) {
    throw new FrontdeskError('not_found', { publicMessage: 'There is no such delivery in the ledger, or its body has been purged.' })
  }
  const made = normalize(deps, delivery)
  const known = await deps.store.find([...made.keys()])
  const knownIds = new Set(known.map(({ eventId }) => eventId))
  const { provider, connectionId, receivedAt } = delivery
  const added = [...made].flatMap(([eventId, { type, entityId }]): RevisedEvent[] =>
    mode === 'as_published' || knownIds.has(eventId)
      ? []
      : [{ eventId, deliveryId, provider, connectionId, type, entityId, receivedAt, revision: 0, verifiedBy: undefined }],
  )
  const found = known.filter((event) => event.deliveryId === deliveryId)
  return { asked: [...found, ...added].map(({ eventId }) => eventId), found, added, made: ({ eventId }) => made.get(eventId) ?? 'not_made' }
}

type MadeOf = ReadonlyMap<EventId, Content>

function missing(made: ReadonlyMap<string, MadeOf>, deliveryId: string): Made {
  return made.has(deliveryId) ? 'not_made' : 'body_purged'
}

/** By delivery, without those whose bodies are gone. */
async function normalizeAll(deps: ReprocessDependencies, deliveryIds: ReadonlySet<string>): Promise<ReadonlyMap<string, MadeOf>> {
  const made = new Map<string, MadeOf>()
  const ids = [...deliveryIds]
  for (let start = 0; start < ids.length; start += bodiesAtOnce) {
    // A hundred bodies at once would be 400 MB.
    for (const delivery of await deps.store.deliveries(ids.slice(start, start + bodiesAtOnce)))
      made.set(delivery.id, normalize(deps, delivery))
  }
  return made
}

/** What today’s normalizer makes of it, under the delivery that it came in, so that what did not change stays the same. */
function normalize(
  { normalizers }: ReprocessDependencies,
  { id: deliveryId, provider, connectionId, receivedAt, headers, rawBody }: Delivery,
): MadeOf {
  try {
    const events = normalizers.get(provider)?.normalize(rawBody, { deliveryId, connectionId, receivedAt, headers }) ?? []
    return new Map(events.map(({ id, type, entityId, occurredAt, body }) => [id, { type, entityId, occurredAt, body }]))
  } catch (error) {
    if (isFrontdeskError(error, 'malformed_json')) return new Map()
    throw error
  }
}
