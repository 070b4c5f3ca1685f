import { providers } from '@frontdesk/providers'
import { type Attribution, attributeEvents, type ProviderEvent, readProviderEvent } from './resolver.ts'
import type { Decider, Directory } from './directory.ts'
import { epochMs, type Truth, type WorldEvent } from './world/story.ts'

/** What one event became, with the truth that nobody who decided could see. */
export interface Played {
  readonly truth: Truth
  /** By each decider, in the order given. */
  readonly attributions: readonly Attribution[]
}

interface Listeners {
  /** Told of each event and when it came, in ms since the world began. */
  readonly onPlayed?: (played: Played, receivedAt: number) => void
  readonly onProgress?: (done: number) => void
}

/** Decided together, of the up to 128 that the resolver takes in one commit. */
const batchSize = 64

/**
 * Plays events through the adapters of their providers and the resolver's own code, once by each decider, the directory learning
 * meanwhile. What a decision gets is the webhook's body, its time and connection, and the directory: never the truth.
 */
export async function play(
  events: readonly WorldEvent[],
  directory: Directory,
  deciders: readonly Decider[],
  { onPlayed = () => {}, onProgress = () => {} }: Listeners = {},
): Promise<Played[]> {
  const resolvers = deciders.map((decider) => attributeEvents({ ledger: directory.ledger(decider) }))
  const played: Played[] = []
  for (let start = 0; start < events.length; start += batchSize) {
    const batch = events.slice(start, start + batchSize)
    directory.advanceTo(batch[0]?.receivedAt ?? 0)
    const received = batch.map((event) => receive(event, directory))
    // One batch after the other, as they come.
    const decided = await Promise.all(resolvers.map((resolve) => resolve(received)))
    for (const [index, { truth, receivedAt }] of batch.entries()) {
      const one = { truth, attributions: decided.flatMap((attributions) => attributions[index] ?? []) }
      played.push(one)
      onPlayed(one, receivedAt)
    }
    onProgress(start + batch.length)
  }
  return played
}

/** From the webhook's bytes to what the resolver reads, by the code that does so at the edge. */
function receive(event: WorldEvent, directory: Directory): ProviderEvent {
  const rawBody = Buffer.from(JSON.stringify(event.body(directory.ringing)))
  const delivery = { deliveryId: 'dlv_1', connectionId: event.connectionId, receivedAt: new Date(epochMs + event.receivedAt), headers: {} }
  const [normalized] = providers[event.provider].normalize(rawBody, delivery)
  if (!normalized) throw new TypeError(`the adapter of ${event.provider} made no event of a body`)
  const { id, type, body, entityId, occurredAt } = normalized
  return readProviderEvent({
    envelope: { id, type, revision: 1, source: 'frontdesk/webhook-ingress', subject: entityId, time: occurredAt, correlationId: id },
    subject: '',
    body,
    deliveryCount: 1,
    streamSequence: 1n,
  })
}
